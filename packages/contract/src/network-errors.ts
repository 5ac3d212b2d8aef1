import { entry } from './error-entry.ts';

/** What a device meets on its way to the cloud. None of these travels over HTTP. */
export const network = {
  name_not_resolved: entry(
    0,
    'The host name of the cloud does not resolve',
    'Check EDGEFLOW_SAAS_URL and DNS.',
    true,
  ),
  cloud_unreachable: entry(
    0,
    'The cloud cannot be reached',
    'Check the network, the address and the firewall.',
    true,
  ),
  proxy_refused: entry(0, 'The proxy refused the connection', 'Check HTTPS_PROXY and its credentials.', true),
  tls_untrusted: entry(
    0,
    'The certificate of the cloud is not trusted',
    'Set EDGEFLOW_SAAS_CA_FILE or EDGEFLOW_SAAS_TLS_PIN to the values the cloud prints at its start; if they are, or none is needed, a captive portal or an inspecting proxy is in between.',
    true,
  ),
  tls_name_mismatch: entry(
    0,
    'The certificate of the cloud is for another name',
    'Use one of the names in the certificate in EDGEFLOW_SAAS_URL.',
    true,
  ),
  tls_expired: entry(
    0,
    'The certificate of the cloud is not valid at this time',
    'Check the clock of this device; if it is right, renew the certificate of the cloud.',
    true,
  ),
  tls_pin_mismatch: entry(
    0,
    'The certificate of the cloud does not match the pin',
    'Compare EDGEFLOW_SAAS_TLS_PIN with the pin the cloud prints; do not remove it without asking why it changed.',
    true,
  ),
  not_the_cloud: entry(
    0,
    'Something that is not the cloud answered',
    'Check host and port in EDGEFLOW_SAAS_URL: another service may be answering there, or a proxy in its place.',
    true,
  ),
  captive_portal: entry(
    0,
    'A captive portal answers in place of the cloud',
    'Sign this network in once with a browser, or ask whoever runs it to let the device through; the agent goes on by itself.',
    true,
  ),
  clock_wrong: entry(
    0,
    'The clock of this device is wrong',
    'Turn on time synchronisation (timedatectl set-ntp true), or set the clock. The agent works meanwhile.',
  ),
} as const;
