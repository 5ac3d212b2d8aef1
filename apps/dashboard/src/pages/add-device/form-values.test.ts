import { expect, it } from 'vitest';
import type { Schema } from '../../api/client.ts';
import { emptyForm, requestOf, sameSettings } from './form-values.ts';

it('an empty form asks for a code with nothing said', () => {
  expect(requestOf(emptyForm)).toEqual({});
});

it('what is filled in is sent, and what is empty is not', () => {
  const values = {
    ...emptyForm,
    name: ' pump ',
    tags: ['hall 3'],
    validity: '3600',
    mac_address: 'DC-A6-32-00-00-01',
  };
  expect(requestOf(values)).toEqual({
    ...{ name: 'pump', device_name: 'pump', tags: ['hall 3'], ttl_seconds: 3600 },
    bind: { mac_address: 'DC-A6-32-00-00-01' },
  });
});

it('a device that is replaced keeps what it is called and belongs to', () => {
  const values = { ...emptyForm, name: 'spare part', group: 'pumps', tags: ['a'], device: 'dev_1' };
  expect(requestOf(values)).toEqual({ name: 'spare part', device_id: 'dev_1' });
});

it('a new code with the same settings is valid as long as the first was', () => {
  const code: Schema<'ProvisioningCode'> = {
    ...({
      id: 'pc_1',
      status: 'expired',
      name: 'n',
      batch: null,
      device_name: 'd',
      tags: ['t'],
      group: 'g',
    } as const),
    ...{ bind: { mac_address: 'm', serial_number: null, board_model: null }, device_id: null },
    ...{
      created_at: '2026-02-21T12:00:00.400Z',
      expires_at: '2026-02-21T13:00:00Z',
      created_by: 'tok_1',
      created_by_name: null,
    },
    ...{ used_by: null, used_by_name: null, used_at: null, used_from: null, revoked_at: null },
    ...{ failed_attempts: 0, last_failed_at: null, last_failed_reason: null },
  };
  expect(sameSettings(code)).toEqual({
    ...{ name: 'n', device_name: 'd', group: 'g', tags: ['t'], ttl_seconds: 3600 },
    bind: { mac_address: 'm' },
  });
});
