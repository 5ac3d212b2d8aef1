import { Alert, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import {
  IconAlertTriangle,
  IconCircleCheck,
  IconClock,
  IconHourglass,
  IconPlugConnectedX,
  type IconProps,
} from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import { ProblemAlert } from '../components/problem-alert.tsx';
import { useLiveState } from '../live/live.tsx';
import classes from './onboarding.module.css';
import { type Onboarding, type PanelState, panelStateOf, secondAttemptOf } from './state.ts';
import { panelWords } from './words.ts';
import { type PanelHandlers, SecondAttempt, StateActions } from './panel-actions.tsx';
import type { WatchedOnboarding } from './use-onboarding.ts';

export interface PanelProps {
  readonly watched: WatchedOnboarding;
  /** What can be done beside it. Left out, the panel stands within what is there (a dialog) and only tells. */
  readonly handlers?: PanelHandlers;
}

type Tone = 'calm' | 'warn' | 'bad' | 'good' | 'quiet';
const looks: Readonly<Record<PanelState['kind'], readonly [Tone, ComponentType<IconProps>]>> = {
  waiting: ['calm', IconHourglass],
  refused: ['bad', IconAlertTriangle],
  registered: ['calm', IconHourglass],
  online: ['good', IconCircleCheck],
  away: ['warn', IconPlugConnectedX],
  gone: ['quiet', IconClock],
  expired: ['quiet', IconClock],
  revoked: ['quiet', IconClock],
};

/** What happens with a code, as it happens. */
export function Panel(props: PanelProps): ReactNode {
  const { cloudNowMs, query } = props.watched;
  if (query.data === undefined) {
    return (
      <section className={classes['panel']} aria-label="Progress" data-tone="quiet">
        {query.isError ? (
          <ProblemAlert error={query.error} onRetry={() => void query.refetch()} />
        ) : (
          <Skeleton height={48} aria-label="Loading" />
        )}
      </section>
    );
  }
  return <Told {...props} onboarding={query.data} state={panelStateOf(query.data, cloudNowMs)} />;
}

function Told(
  props: PanelProps & { readonly onboarding: Onboarding; readonly state: PanelState },
): ReactNode {
  const { handlers, onboarding, state } = props;
  const { headline, more, spoken } = panelWords(state);
  const stuck = isStuck(state);
  const second = secondAttemptOf(onboarding);
  // Two had the code: however well the first does, somebody has to look.
  const attention = stuck || second !== undefined;
  const [tone, Icon] = attention ? (['warn', IconAlertTriangle] as const) : looks[state.kind];
  return (
    <>
      <section
        className={classes['panel']}
        aria-label="Progress"
        data-tone={tone}
        data-state={state.kind}
        data-within={handlers === undefined}
      >
        {/* Read out when it changes, and not every minute. */}
        <p className="visually-hidden" role="status">
          {spoken}
        </p>
        <Stack gap="xs">
          <Group gap="sm" wrap="nowrap" align="flex-start">
            <Icon size={22} aria-hidden className={classes['panelIcon']} />
            <div>
              <Title order={2} className={classes['headline']}>
                {headline}
              </Title>
              {more.map((line) => (
                <Text key={line} size="sm">
                  {line}
                </Text>
              ))}
              {stuck ? <WhatToRun /> : null}
            </div>
          </Group>
          {handlers === undefined ? null : (
            <StateActions {...handlers} onboarding={onboarding} state={state} />
          )}
          {second === undefined ? null : <SecondAttempt onboarding={onboarding} attempt={second} />}
          <Paused />
        </Stack>
      </section>
      {handlers === undefined ? null : <div className={classes['room']} />}
    </>
  );
}

/** Said while nothing is heard at once. */
export function Paused(): ReactNode {
  if (useLiveState() !== 'paused') return null;
  return (
    <Alert variant="light" color="gray" p="xs" role="status">
      Live updates paused; the device is unaffected.
    </Alert>
  );
}

/** Whether a person at the device should look at it. */
function isStuck(state: PanelState): boolean {
  return (state.kind === 'waiting' && state.quiet) || (state.kind === 'registered' && state.slow);
}

function WhatToRun(): ReactNode {
  return (
    <Text size="sm" component="div" mt={4}>
      On the device, in the agent’s folder, this names the cause and the next step:
      <pre className={classes['snippet']} tabIndex={0} aria-label="What to run on the device">
        sudo npm run agent -- doctor
      </pre>
    </Text>
  );
}
