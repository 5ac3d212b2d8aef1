import { request as httpRequest } from 'node:http';
import { request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { problemFor, type SaasConfigUpdate, type SaasStatus } from '@edgeflow/contract';
import { systemClock, systemRandom } from '@edgeflow/platform';
import type { AgentControl } from '../../agent-control.ts';
import { type LocalApi, type LocalApiOptions, startLocalApi } from '../server.ts';

export const token = 'the-token-of-this-device';

export const onlineStatus: SaasStatus = {
  connected: true,
  device_id: 'dev_abc123xyz',
  status: 'online',
  last_heartbeat: '2026-02-21T12:00:00Z',
  phase: 'online',
  cloud_url: 'https://cloud.example',
  key_expires_at: '2027-02-21T00:00:00Z',
  uptime_seconds: 61,
  clock_skew_seconds: 0,
  last_error: null,
};

/** An agent whose answers a test sets, and which remembers what it was asked to do. */
export interface ScriptedAgent extends AgentControl {
  isProvisioned: boolean;
  statusNow: SaasStatus;
  answerToProvision: () => ReturnType<AgentControl['provision']>;
  answerToDiagnose: AgentControl['diagnose'];
  readonly done: (string | SaasConfigUpdate)[];
}

export function scriptedAgent(): ScriptedAgent {
  const config = {
    enabled: true,
    server_url: 'https://cloud.example',
    device_id: 'dev_abc123xyz',
    api_key: 'efk_A1b2…wXyZ',
    enable_tls: true,
    is_provisioned: true,
    is_connected: true,
  };
  const agent: ScriptedAgent = {
    isProvisioned: false,
    statusNow: onlineStatus,
    done: [],
    answerToProvision: () =>
      Promise.resolve({
        ok: true,
        value: { device_id: 'dev_new', api_key: 'efk_secret', expires_at: '2027-02-21T00:00:00Z' },
      }),
    answerToDiagnose: () => Promise.resolve({ ok: true, checks: [] }),
    status: () => agent.statusNow,
    config: () => config,
    provision: (code, force) => {
      agent.done.push(`provision ${code} ${String(force)}`);
      return agent.answerToProvision();
    },
    configure: (update) => {
      agent.done.push(update);
      return Promise.resolve({ ok: true, value: config });
    },
    connect: () => {
      agent.done.push('connect');
      return Promise.resolve({ ok: true, value: agent.statusNow });
    },
    disconnect: () => {
      agent.done.push('disconnect');
      return Promise.resolve({ ok: false, problem: problemFor('not_provisioned', 'req_1') });
    },
    diagnose: () => agent.answerToDiagnose(),
  };
  return agent;
}

export function startWith(control: AgentControl, options: Partial<LocalApiOptions> = {}): Promise<LocalApi> {
  const silent = (): void => undefined;
  return startLocalApi({
    control,
    token: { matches: (presented) => presented === token },
    host: '127.0.0.1',
    port: 0,
    tls: undefined,
    isTokenShort: false,
    hostname: 'edgeflow-pi',
    random: systemRandom,
    clock: systemClock,
    log: { debug: silent, info: silent, warn: silent, error: silent },
    ...options,
  });
}

export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly text: string;
  /** Of a JSON body. */
  readonly json: Record<string, unknown>;
}

interface SendOptions {
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** One that is promised is held back: the head goes out before it. */
  readonly body?: string | Buffer | Promise<string>;
  readonly ca?: string;
}

/** One request with whatever headers, `Host` among them, as no browser would let a page send. */
export function send(url: string, options: SendOptions = {}): Promise<Answer> {
  const { method = 'GET', headers = {}, body, ca } = options;
  return new Promise((resolve, reject) => {
    const make = url.startsWith('https:') ? httpsRequest : httpRequest;
    const outgoing = make(
      url,
      { method, headers, agent: false, ...(ca === undefined ? {} : { ca }) },
      (response) => {
        text(response).then((content) => {
          const isJson = /json/.test(response.headers['content-type'] ?? '');
          const json = isJson ? (JSON.parse(content) as Record<string, unknown>) : {};
          resolve({ status: response.statusCode ?? 0, headers: response.headers, text: content, json });
        }, reject);
      },
    );
    outgoing.on('error', reject);
    if (!(body instanceof Promise)) {
      outgoing.end(body);
      return;
    }
    outgoing.flushHeaders();
    body.then((late) => outgoing.end(late), reject);
  });
}
