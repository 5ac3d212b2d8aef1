import { createHash } from 'node:crypto';
import type { SaasStatus } from '@edgeflow/contract';
import type { LocalAnswer } from './answer.ts';
import { Html, html } from './html.ts';

const style = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif; }
body { max-width: 40rem; margin: 3rem auto; padding: 0 1rem; }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; }
dt { opacity: .7; }
dd { margin: 0; overflow-wrap: anywhere; }
.problem { border-left: .25rem solid #c00; padding-left: 1rem; }
`;

// Whole, so that nothing is laid out between its tags: the hash is over every character there.
const styleElement = new Html(`<style>${style}</style>`);

/** Nothing from elsewhere, no script at all, in no frame, and the one style sheet known by its hash. */
const pagePolicy = [
  "default-src 'none'",
  `style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'`,
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const words: Readonly<Record<SaasStatus['status'], string>> = {
  disabled: 'The connection to the cloud is switched off.',
  unprovisioned: 'This device has no identity yet. It needs a provisioning code.',
  provisioning: 'This device is registering itself.',
  connecting: 'This device is connecting to the cloud.',
  online: 'This device is online.',
  offline: 'This device is not connected; it tries again by itself.',
  rejected: 'The cloud refuses this device.',
};

/** NTP keeps clocks within a second; a minute is no accident of the network. */
const skewShownSeconds = 60;

function clockText(skewSeconds: number | null): string | null {
  if (skewSeconds === null || Math.abs(skewSeconds) < skewShownSeconds) return null;
  return `${String(Math.abs(skewSeconds))} s ${skewSeconds < 0 ? 'behind' : 'ahead of'} the cloud’s`;
}

/** The status for a person's eyes. It holds no secret. */
export function pageAnswer(status: SaasStatus): LocalAnswer {
  const headers = { 'content-type': 'text/html; charset=UTF-8', 'content-security-policy': pagePolicy };
  return { status: 200, headers, body: statusPage(status).text };
}

function statusPage(status: SaasStatus): Html {
  const facts: readonly (readonly [string, string | null])[] = [
    ['Device', status.device_id],
    ['Cloud', status.cloud_url],
    ['State', `${status.status} (${status.phase})`],
    ['Last heartbeat', status.last_heartbeat],
    ['Key valid until', status.key_expires_at],
    ['Clock', clockText(status.clock_skew_seconds)],
    ['Running for', `${String(status.uptime_seconds)} s`],
  ];
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width" />
        <meta http-equiv="refresh" content="5" />
        <title>EdgeFlow: ${status.status}</title>
        ${styleElement}
      </head>
      <body>
        <h1>EdgeFlow</h1>
        <p>${words[status.status]}</p>
        ${problemSection(status)}
        <dl>
          ${facts.map(
            ([name, value]) =>
              html`<dt>${name}</dt>
                <dd>${value ?? '–'}</dd>`,
          )}
        </dl>
        <p>
          <a href="/api/v1/saas/status">Status as JSON</a> · <a href="/api/v1/saas/diagnosis">Diagnosis</a>
        </p>
      </body>
    </html>`;
}

function problemSection({ last_error: problem }: SaasStatus): Html | string {
  if (problem === null) return '';
  return html`<div class="problem">
    <p>${problem.message}</p>
    <p>${problem.next_step}</p>
    <p><small>${problem.code}, ${problem.at}</small></p>
  </div>`;
}
