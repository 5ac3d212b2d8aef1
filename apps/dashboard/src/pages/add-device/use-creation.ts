import { client, type Schema } from '../../api/client.ts';
import type { Onboarding } from '../../onboarding/state.ts';
import { type CreateCodes, type FormValues, requestOf, sameSettings } from './form-values.ts';
import type { Secret } from './secret.ts';

export interface Creation {
  readonly create: (body: CreateCodes) => Promise<void>;
  readonly createCredentials: (values: FormValues) => Promise<void>;
  /** A new code with the settings of one that is over. */
  readonly remake: (onboarding: Onboarding) => Promise<void>;
  /** The same for one that is not: it is revoked first, so that there are never two. What is revoked can be remade. */
  readonly replace: (onboarding: Onboarding) => Promise<void>;
}

/** @param show takes what was made: this is the only time that it is told */
export function useCreation(show: (made: Secret) => Promise<void>): Creation {
  const create = async (body: CreateCodes): Promise<void> => {
    const { data } = await client.POST('/api/v1/provisioning-codes', { body });
    const [made] = data?.codes ?? [];
    if (made !== undefined) await show({ kind: 'code', id: made.id, code: made.code, taken: false });
  };
  const createCredentials = async (values: FormValues): Promise<void> => {
    const { device_name: name, group, tags } = requestOf(values);
    const body: Schema<'CreateDeviceRequest'> = {
      ...(name === undefined ? {} : { name }),
      ...(group === undefined ? {} : { group }),
      ...(tags === undefined ? {} : { tags }),
    };
    const { data } = await client.POST('/api/v1/devices', { body });
    if (data === undefined) return;
    await show({ kind: 'credentials', id: data.device_id, apiKey: data.api_key, taken: false });
  };
  const remake = ({ code }: Onboarding): Promise<void> => create(sameSettings(code));
  const replace = async (onboarding: Onboarding): Promise<void> => {
    await client.DELETE('/api/v1/provisioning-codes/{id}', { params: { path: { id: onboarding.code.id } } });
    await remake(onboarding);
  };
  return { create, createCredentials, remake, replace };
}
