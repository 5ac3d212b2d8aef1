import { operations } from '@edgeflow/contract';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { ProblemError } from '../../http/problems.ts';
import { route } from '../../http/route.ts';
import type { Database } from '../../storage/database.ts';
import type { DeviceRow } from '../../storage/tables.ts';
import { readDevice } from '../devices/index.ts';
import type { Events } from '../events/index.ts';
import { operatorOf } from '../identity/index.ts';
import { listConnections } from './connections.ts';
import { changeNotes, readNotes } from './notes.ts';
import { readTimeline } from './timeline.ts';

export function deviceFactRoutes(app: FastifyInstance, database: Database, events: Events): void {
  route(app, operations.readDeviceNotes, async ({ caller, params }) => {
    const device = await requireDevice(database, caller.organizationId, params.id);
    return answer(200, await readNotes(database, device.id));
  });
  route(app, operations.updateDeviceNotes, async (call) => {
    const notes = await changeNotes(database, operatorOf(call), call.params.id, call.body);
    events.poke();
    return answer(200, notes);
  });
  route(app, operations.listConnections, async ({ caller, params, query }) => {
    const device = await requireDevice(database, caller.organizationId, params.id);
    return answer(200, await listConnections(database, device, query));
  });
  route(app, operations.readTimeline, async ({ caller, params, query }) => {
    const device = await requireDevice(database, caller.organizationId, params.id);
    return answer(200, await readTimeline(database, device, query));
  });
}

async function requireDevice(database: Database, organizationId: string, id: string): Promise<DeviceRow> {
  const row = await readDevice(database, organizationId, id);
  if (row === undefined) throw new ProblemError('device_not_found');
  return row;
}
