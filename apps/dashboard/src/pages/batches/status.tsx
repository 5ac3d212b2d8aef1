import type { ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { StatusBadge, type Tone } from '../../components/status-badge.tsx';

const words: Readonly<Record<Schema<'Batch'>['status'], readonly [Tone, string]>> = {
  making: ['calm', 'Being made'],
  ready: ['good', 'Ready'],
  replacing: ['calm', 'Being replaced'],
  revoked: ['bad', 'Revoked'],
};

export function BatchStatusBadge({ batch }: { readonly batch: Pick<Schema<'Batch'>, 'status'> }): ReactNode {
  const [tone, word] = words[batch.status];
  return <StatusBadge tone={tone}>{word}</StatusBadge>;
}
