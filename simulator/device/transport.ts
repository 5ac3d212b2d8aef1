import type { Socket } from 'node:net';
import type { TimeSource } from '@edgeflow/platform';
import { transportOver } from '../../apps/agent/src/net/cloud-transport.ts';
import type { CloudAddress, TimeKnowledge } from '../../apps/agent/src/net/index.ts';
import type { Connect } from '../../apps/agent/src/net/connector.ts';
import { connectTimeouts } from '../../apps/agent/src/net/limits.ts';
import type { ProbingTransport } from '../../apps/agent/src/net/cloud-transport.ts';
import type { Link } from '../network/link.ts';

export interface TransportDeps {
  readonly address: CloudAddress;
  readonly time: TimeSource;
  readonly knowledge: TimeKnowledge;
  readonly connect: (signal: AbortSignal) => Promise<Link>;
  readonly watch: TransportWatch;
}

export interface Credential {
  readonly deviceId: string;
  readonly apiKey: string;
}

/** What an agent says and hears, at the moment it does. */
export interface TransportWatch {
  /** A registration is about to be sent. */
  claims(secret: string): void;
  /** The `connect` frame is about to be sent. */
  presents(credential: Credential, link: Link): void;
  /** `connected` has been received. */
  connected(credential: Credential): void;
  /** The agent is about to say that it has stored a key it was offered. */
  acceptsKey(apiKey: string): void;
}

/** The agent's own HTTP and WebSocket code over the simulated network, with somebody who watches. */
export function simulatedTransport(deps: TransportDeps): ProbingTransport {
  const { address, connect, knowledge, time, watch } = deps;
  const options = { address, knowledge, time, upgradeMs: connectTimeouts.upgradeMs };
  const over = (onLink: (link: Link) => void): ProbingTransport => {
    const connecting: Connect = async (signal) => {
      const link = await connect(signal);
      onLink(link);
      // As much of a net.Socket as node:http and ws use.
      return link.client as unknown as Socket;
    };
    return transportOver(connecting, options);
  };
  const plain = over(() => undefined);
  return {
    origin: plain.origin,
    probe: () => plain.probe(),
    request: (request) => {
      const secret = request.headers['idempotency-key'];
      if (secret !== undefined) watch.claims(secret);
      return plain.request(request);
    },
    openTunnel: (listener) => {
      let link: Link | undefined;
      let credential: Credential | undefined;
      const offers = new Map<string, string>();
      const socket = over((made) => (link = made)).openTunnel({
        ...listener,
        onOpen: () => {
          listener.onOpen();
        },
        onText: (text) => {
          if (credential !== undefined && text.startsWith('{"type":"connected"')) watch.connected(credential);
          if (text.includes('"rotate_key"')) noteOffer(offers, text);
          listener.onText(text);
        },
        onClose: (close) => {
          listener.onClose(close);
        },
      });
      return {
        send: (text) => {
          if (link !== undefined && text.startsWith('{"type":"connect"')) {
            credential = readCredential(text);
            link.credential = credential;
            watch.presents(credential, link);
          }
          const accepted = text.startsWith('{"type":"response"') ? acceptedKey(offers, text) : undefined;
          if (accepted !== undefined) watch.acceptsKey(accepted);
          socket.send(text);
        },
        close: (code, reason) => {
          socket.close(code, reason);
        },
        terminate: () => {
          socket.terminate();
        },
      };
    },
  };
}

function readCredential(text: string): Credential {
  const frame = JSON.parse(text) as { device_id: string; api_key: string };
  return { deviceId: frame.device_id, apiKey: frame.api_key };
}

function noteOffer(offers: Map<string, string>, text: string): void {
  const frame = JSON.parse(text) as { action?: string; id?: string; payload?: { api_key?: string } };
  if (frame.action === 'rotate_key') offers.set(frame.id ?? '', frame.payload?.api_key ?? '');
}

function acceptedKey(offers: Map<string, string>, text: string): string | undefined {
  const frame = JSON.parse(text) as { id: string; status: string };
  return frame.status === 'success' ? offers.get(frame.id) : undefined;
}
