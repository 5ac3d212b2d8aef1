import type { ReactNode } from 'react';
import type { Schema } from '../api/client.ts';
import classes from './status-badge.module.css';

export type Tone = 'good' | 'calm' | 'warn' | 'bad' | 'quiet';

export interface StatusBadgeProps {
  readonly tone: Tone;
  readonly children: ReactNode;
}

/** A state in a word, with a dot whose colour only repeats what the word says. */
export function StatusBadge({ tone, children }: StatusBadgeProps): ReactNode {
  return (
    <span className={classes['badge']} data-tone={tone}>
      <span className={classes['dot']} aria-hidden />
      {children}
    </span>
  );
}

type DeviceStatus = Schema<'Device'>['status'];

const deviceWords: Readonly<Record<DeviceStatus, readonly [Tone, string]>> = {
  online: ['good', 'Online'],
  offline: ['warn', 'Offline'],
  reconnecting: ['calm', 'Reconnecting'],
  never_connected: ['quiet', 'Never connected'],
  quarantined: ['bad', 'Quarantined'],
  revoked: ['bad', 'Revoked'],
};

export function DeviceStatusBadge({ status }: { readonly status: DeviceStatus }): ReactNode {
  const [tone, words] = deviceWords[status];
  return <StatusBadge tone={tone}>{words}</StatusBadge>;
}

type CodeStatus = Schema<'ProvisioningCode'>['status'];

const codeWords: Readonly<Record<CodeStatus, readonly [Tone, string]>> = {
  active: ['calm', 'Active'],
  used: ['good', 'Used'],
  expired: ['quiet', 'Expired'],
  revoked: ['bad', 'Revoked'],
};

export function CodeStatusBadge({ status }: { readonly status: CodeStatus }): ReactNode {
  const [tone, words] = codeWords[status];
  return <StatusBadge tone={tone}>{words}</StatusBadge>;
}
