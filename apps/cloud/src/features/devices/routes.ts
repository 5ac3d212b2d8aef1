import { operations } from '@edgeflow/contract';
import type { Timers } from '@edgeflow/platform';
import type { FastifyInstance } from 'fastify';
import { answer } from '../../http/answer.ts';
import { route } from '../../http/route.ts';
import { fileAnswer, goneWith } from '../../http/streams.ts';
import { operatorOf } from '../identity/index.ts';
import type { Devices } from './service.ts';

export function deviceRoutes(app: FastifyInstance, devices: Devices, timers: Timers): void {
  route(app, operations.createDevice, async (call) =>
    answer(201, await devices.create(operatorOf(call), call.body)),
  );
  route(app, operations.listDevices, async (call) =>
    answer(200, await devices.list(operatorOf(call), call.query, goneWith(call.request))),
  );
  route(app, operations.readDeviceFacets, async (call) =>
    answer(200, await devices.facets(operatorOf(call))),
  );
  route(
    app,
    operations.exportDevices,
    (call) => {
      const body = devices.export(operatorOf(call), call.query, goneWith(call.request));
      return fileAnswer(call, timers, { body, name: 'devices.csv' });
    },
    { waits: true },
  );
  route(app, operations.readDevice, async (call) =>
    answer(200, await devices.read(operatorOf(call), call.params.id)),
  );
  route(app, operations.readDeviceStatus, async (call) =>
    answer(200, await devices.presence(operatorOf(call), call.params.id)),
  );
  route(app, operations.updateDevice, async (call) =>
    answer(200, await devices.update(operatorOf(call), call.params.id, call.body)),
  );
  route(app, operations.revokeDevice, async (call) =>
    answer(200, await devices.revoke(operatorOf(call), call.params.id)),
  );
  route(app, operations.quarantineDevice, async (call) =>
    answer(200, await devices.quarantine(operatorOf(call), call.params.id)),
  );
  route(app, operations.restoreDevice, async (call) =>
    answer(200, await devices.restore(operatorOf(call), call.params.id)),
  );
  route(app, operations.deleteDevice, async (call) => {
    await devices.delete(operatorOf(call), call.params.id);
    return { status: 204 as const };
  });
}
