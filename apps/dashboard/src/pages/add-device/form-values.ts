import type { Schema } from '../../api/client.ts';

export type CreateCodes = Schema<'CreateCodesRequest'>;
type Code = Schema<'ProvisioningCode'>;

/** What stands in the form. Texts that are empty are not sent. */
export interface FormValues {
  readonly name: string;
  readonly group: string;
  readonly tags: string[];
  /** Seconds; empty: what the cloud is set to. */
  readonly validity: string;
  readonly mac_address: string;
  readonly serial_number: string;
  readonly board_model: string;
  /** Id of the device to replace. */
  readonly device: string;
}

export const emptyForm: FormValues = {
  ...{ name: '', group: '', tags: [], validity: '', device: '' },
  ...{ mac_address: '', serial_number: '', board_model: '' },
};

/** What is of one device, and not of the next. */
export const ofOneDevice = { name: '', mac_address: '', serial_number: '', device: '' };

const hour = 3600;
export const validities = [
  { value: '', label: 'Default' },
  { value: String(hour), label: '1 hour' },
  { value: String(24 * hour), label: '24 hours' },
  { value: String(7 * 24 * hour), label: '7 days' },
  { value: String(30 * 24 * hour), label: '30 days' },
  { value: String(365 * 24 * hour), label: '1 year' },
];

export function requestOf(values: FormValues): CreateCodes {
  const bind = withoutEmpty({
    mac_address: values.mac_address.trim(),
    serial_number: values.serial_number.trim(),
    board_model: values.board_model.trim(),
  });
  const name = values.name.trim();
  const replaces = values.device !== '';
  return {
    ...withoutEmpty({ name }),
    // A device that is replaced keeps its name, tags and group.
    ...(replaces ? {} : withoutEmpty({ device_name: name, group: values.group.trim() })),
    ...(replaces || values.tags.length === 0 ? {} : { tags: values.tags }),
    ...(values.validity === '' ? {} : { ttl_seconds: Number(values.validity) }),
    ...(Object.keys(bind).length === 0 ? {} : { bind }),
    ...withoutEmpty({ device_id: values.device }),
  };
}

/** A new code with the settings of one that exists: as long valid from now on as that one was. */
export function sameSettings(code: Code): CreateCodes {
  const bind = withoutEmpty(code.bind);
  const replaces = code.device_id !== null;
  return {
    ...withoutEmpty({ name: code.name, device_id: code.device_id }),
    ...(replaces
      ? {}
      : { ...withoutEmpty({ device_name: code.device_name, group: code.group }), tags: code.tags }),
    ttl_seconds: Math.round((Date.parse(code.expires_at) - Date.parse(code.created_at)) / 1000),
    ...(Object.keys(bind).length === 0 ? {} : { bind }),
  };
}

function withoutEmpty<T extends Record<string, string | null>>(members: T): { [K in keyof T]?: string } {
  const kept = Object.entries(members).filter(([, value]) => value !== null && value !== '');
  return Object.fromEntries(kept) as { [K in keyof T]?: string };
}
