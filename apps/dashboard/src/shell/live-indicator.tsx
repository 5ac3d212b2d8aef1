import { Tooltip } from '@mantine/core';
import type { ReactNode } from 'react';
import { StatusBadge, type Tone } from '../components/status-badge.tsx';
import { type LiveState, useLiveState } from '../live/live.tsx';

const words: Readonly<Record<LiveState, readonly [Tone, string, string]>> = {
  live: ['good', 'Live', 'What happens is shown at once.'],
  connecting: ['quiet', 'Connecting', 'Live updates begin in a moment.'],
  paused: ['warn', 'Paused', 'Live updates paused; devices are unaffected. They resume by themselves.'],
};

export function LiveIndicator(): ReactNode {
  const [tone, word, explanation] = words[useLiveState()];
  return (
    <Tooltip label={explanation} multiline maw={260}>
      <span role="status" tabIndex={0} data-live={word.toLowerCase()}>
        <StatusBadge tone={tone}>
          <span className="visually-hidden">Live updates: </span>
          {word}
        </StatusBadge>
      </span>
    </Tooltip>
  );
}
