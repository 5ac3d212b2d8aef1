/** What a device is to know before it first starts; see `EDGEFLOW_…` in the wire contract, section 5. */
export interface OnboardingSettings {
  /** Origin of the cloud, e.g. `https://cloud.example:8443`, with the path prefix it is served under, if any. */
  readonly cloudUrl: string;
  /** SPKI pins, each `sha256/` + base64; empty when the cloud's certificate is publicly trusted. */
  readonly pins: readonly string[];
  readonly identity: OnboardingIdentity;
}

/** By what the device gets its identity: a code to redeem, or credentials made ahead of it. */
export type OnboardingIdentity =
  | { readonly kind: 'code'; readonly code: string }
  | { readonly kind: 'credentials'; readonly deviceId: string; readonly apiKey: string };

const heading = '# EdgeFlow device settings. They hold a secret: keep this file at mode 600.';

/**
 * The file `/etc/edgeflow/.env` of one device, as the agent reads it, with a newline at its end.
 *
 * @throws RangeError for a value that the file cannot hold: see {@link envLine}.
 */
export function formatEnvFile(settings: OnboardingSettings): string {
  return [heading, ...envLines(settings), ''].join('\n');
}

/** The file with the provisioning link as its one setting: what a QR code held, pasted. */
export function formatEnvFileOfLink(link: string): string {
  const lines = [envLine('EDGEFLOW_SAAS_ENABLED', 'true'), envLine('EDGEFLOW_PROVISIONING_LINK', link)];
  return [heading, ...lines, ''].join('\n');
}

function envLines({ cloudUrl, identity, pins }: OnboardingSettings): string[] {
  return [
    envLine('EDGEFLOW_SAAS_ENABLED', 'true'),
    envLine('EDGEFLOW_SAAS_URL', cloudUrl),
    ...(pins.length === 0 ? [] : [envLine('EDGEFLOW_SAAS_TLS_PIN', pins.join(','))]),
    ...(identity.kind === 'code'
      ? [envLine('EDGEFLOW_PROVISIONING_CODE', identity.code)]
      : [envLine('EDGEFLOW_DEVICE_ID', identity.deviceId), envLine('EDGEFLOW_API_KEY', identity.apiKey)]),
  ];
}

/** Values that mean the same to Node's `parseEnv`, to systemd's `EnvironmentFile=` and to a shell without quotes. */
const bare = /^[\w@%+=:,./-]+$/;

/**
 * `NAME=value` as the agent's reader of settings takes it. Quotes know no escapes there, so the quotes are chosen after
 * what the value holds.
 *
 * @throws RangeError for values other than visible ASCII, and for the rare one that holds every kind of quotes.
 */
function envLine(name: string, value: string): string {
  if (!/^[\x21-\x7e]+$/.test(value)) throw new RangeError(`${name} must be visible ASCII without spaces`);
  if (bare.test(value)) return `${name}=${value}`;
  // Between double quotes a backslash and an n would become a line break.
  const quotes = [`'`, ...(value.includes('\\') ? [] : ['"']), '`'].find((quote) => !value.includes(quote));
  if (quotes === undefined) throw new RangeError(`${name} holds every kind of quotes`);
  return `${name}=${quotes}${value}${quotes}`;
}
