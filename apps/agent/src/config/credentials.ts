import { type ConfigContext, contentOf, isGiven, reportMissing, reportTwice } from './context.ts';
import { readKeyFile } from './setting-files.ts';

/** An identity that an operator made beforehand. Both are opaque text. */
export interface GivenCredentials {
  readonly deviceId: string;
  readonly apiKey: string;
}

/** `EDGEFLOW_DEVICE_ID` and `EDGEFLOW_API_KEY` or its file: all or nothing, and only together with a cloud. */
export async function readCredentials(
  context: ConfigContext,
  hasCloud: boolean,
): Promise<GivenCredentials | undefined> {
  reportIncomplete(context, hasCloud);
  const { EDGEFLOW_DEVICE_ID: deviceId, EDGEFLOW_API_KEY: inlineKey } = context.settings;
  const apiKey = inlineKey ?? (await contentOf(context, 'EDGEFLOW_API_KEY_FILE', readKeyFile));
  return deviceId === undefined || apiKey === undefined ? undefined : { deviceId, apiKey };
}

function reportIncomplete(context: ConfigContext, hasCloud: boolean): void {
  const hasId = isGiven(context, 'EDGEFLOW_DEVICE_ID');
  const keys = (['EDGEFLOW_API_KEY', 'EDGEFLOW_API_KEY_FILE'] as const).filter((name) =>
    isGiven(context, name),
  );
  const [key, otherKey] = keys;
  if (key !== undefined && otherKey !== undefined) reportTwice(context, key, otherKey);
  if (key === undefined) {
    if (hasId) reportMissing(context, 'EDGEFLOW_DEVICE_ID', 'EDGEFLOW_API_KEY');
    return;
  }
  if (!hasId) reportMissing(context, key, 'EDGEFLOW_DEVICE_ID');
  else if (!hasCloud && !isGiven(context, 'EDGEFLOW_SAAS_URL')) {
    reportMissing(context, 'EDGEFLOW_DEVICE_ID', 'EDGEFLOW_SAAS_URL');
  }
}
