import { errorEntry, isErrorCode } from '@edgeflow/contract';
import { describeDuration, formatClock } from '../components/time-words.ts';
import type { Mismatch, PanelState } from './state.ts';

export interface PanelWords {
  readonly headline: string;
  /** What is known beyond it, and what a person does now. */
  readonly more: readonly string[];
  /** What is read out when the state changes: the headline without what changes every minute. */
  readonly spoken: string;
}

const bindNouns: Readonly<Record<Mismatch['field'], string>> = {
  mac_address: '',
  serial_number: 'serial number ',
  board_model: 'board ',
};

export function panelWords(state: PanelState): PanelWords {
  switch (state.kind) {
    case 'waiting':
      return waiting(state);
    case 'refused':
      return refused(state);
    case 'registered':
      return state.slow
        ? words(
            'Registered, no tunnel. Often a proxy blocks WebSocket. The code is not needed again.',
            `${state.board} at ${state.address}`,
          )
        : words(`${state.board} registered from ${state.address}. Opening tunnel…`);
    case 'online':
      return words(`${state.name} is online. First heartbeat ${formatClock(state.firstAt)}.`, factsOf(state));
    case 'away':
      return words(
        `${state.name} was online (first heartbeat ${formatClock(state.firstAt)}) and is not now.`,
        factsOf(state),
      );
    case 'gone':
      return words('The device that used this code was deleted.');
    case 'expired':
      return words('Expired unused.');
    case 'revoked':
      return words('Revoked. No device can use this code any more.');
  }
}

function factsOf({ address, board, deviceId }: Extract<PanelState, { kind: 'online' | 'away' }>): string {
  return `${board} at ${address}, ${deviceId}`;
}

function words(headline: string, ...more: readonly string[]): PanelWords {
  return { headline, more, spoken: headline };
}

function waiting({ quiet, rebound, validMs }: Extract<PanelState, { kind: 'waiting' }>): PanelWords {
  const validity = `Valid ${describeDuration(validMs)}. You may close this page.`;
  if (quiet)
    return { headline: 'Nothing has arrived yet', more: [validity], spoken: 'Nothing has arrived yet' };
  const more = rebound
    ? [
        'The binding fits the device now. It asks again within ten minutes; restarting its agent asks at once.',
      ]
    : [];
  return { headline: `Waiting. ${validity}`, more, spoken: ['Waiting.', ...more].join(' ') };
}

function refused({ attempt, mismatches }: Extract<PanelState, { kind: 'refused' }>): PanelWords {
  if (mismatches.length > 0) {
    const pairs = mismatches.map(
      ({ bound, field, presented }) =>
        `the code is bound to ${bindNouns[field]}${bound}, the device is ${presented ?? 'silent about it'}`,
    );
    return words(`Refused: ${pairs.join('; ')}. The code is not used.`);
  }
  if (!isErrorCode(attempt.reason)) return words(`Refused: ${attempt.reason}. The code is not used.`);
  const { nextStep, title } = errorEntry(attempt.reason);
  return words(`Refused: ${title}.`, nextStep);
}
