import {
  Alert,
  Button,
  Group,
  NumberInput,
  Paper,
  Stack,
  Text,
  Textarea,
  TextInput,
  Title,
} from '@mantine/core';
import { IconActivity, IconBulb, IconHeartbeat, IconSend } from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';
import type { Schema } from '../../api/client.ts';
import { ApiProblem } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { StatusBadge, type Tone } from '../../components/status-badge.tsx';
import { formatClock } from '../../components/time-words.ts';
import { useMay } from '../../session/use-session.ts';
import classes from './json.module.css';
import { jsonText } from './json.ts';
import type { CommandsState, Outcome } from './use-commands.ts';

const timeoutSecondsMax = 120;

const known: readonly (readonly [
  action: string,
  words: string,
  icon: ComponentType<{ size: number; 'aria-hidden': boolean }>,
])[] = [
  ['health_check', 'Health check', IconHeartbeat],
  ['get_system_metrics', 'Metrics', IconActivity],
  ['identify', 'Identify', IconBulb],
];

export interface CommandsProps {
  readonly device: Schema<'Device'>;
  readonly commands: CommandsState;
}

/** Commands through the tunnel, and what became of each. */
export function Commands({ commands, device }: CommandsProps): ReactNode {
  const mayCommand = useMay('operator');
  const { outcomes, running, send } = commands;
  if (!mayCommand) return <Text c="dimmed">Commands need the role operator.</Text>;
  return (
    <Stack gap="md">
      {device.status === 'online' ? null : (
        <Alert color="yellow" title="The device is not connected">
          A command reaches a device only while it is online; it is not kept for later. What a device should
          be when it comes back belongs into its shadow.
        </Alert>
      )}
      <Group gap="xs">
        {known.map(([action, words, Icon]) => (
          <Button
            key={action}
            variant="default"
            leftSection={<Icon size={16} aria-hidden />}
            loading={running === action}
            disabled={running !== undefined}
            onClick={() => send({ action })}
          >
            {words}
          </Button>
        ))}
      </Group>
      <OtherAction {...commands} />
      <Stack gap="sm" aria-live="polite">
        {outcomes.map((outcome) => (
          <OutcomeCard key={outcome.number} outcome={outcome} />
        ))}
      </Stack>
    </Stack>
  );
}

function OtherAction({ draft, running, send, setDraft }: CommandsState): ReactNode {
  const { action, payload, seconds } = draft;
  const parsed = parse(payload);
  const submit = (): void =>
    send({
      action: action.trim(),
      timeoutSeconds: Number(seconds),
      ...(payload.trim() === '' ? {} : { payload: parsed.value }),
    });
  return (
    <Paper withBorder p="md" component="section" aria-label="Any other action">
      <Title order={2} mb="sm">
        Any other action
      </Title>
      <form
        onSubmit={(submitted) => {
          submitted.preventDefault();
          submit();
        }}
      >
        <Stack gap="sm">
          <Group gap="sm" align="flex-start">
            <TextInput
              label="Action"
              placeholder="restart_service"
              maxLength={64}
              value={action}
              onChange={(typed) => setDraft({ ...draft, action: typed.currentTarget.value })}
            />
            <NumberInput
              label="Time limit, seconds"
              min={1}
              max={timeoutSecondsMax}
              w={150}
              value={seconds}
              onChange={(typed) => setDraft({ ...draft, seconds: typed })}
            />
          </Group>
          <Textarea
            label="Payload, as JSON (optional)"
            autosize
            minRows={3}
            maxRows={16}
            spellCheck={false}
            classNames={{ input: classes['code'] ?? '' }}
            value={payload}
            onChange={(typed) => setDraft({ ...draft, payload: typed.currentTarget.value })}
            error={parsed.isJson ? undefined : 'This is no JSON yet'}
          />
          <Group>
            <Button
              type="submit"
              leftSection={<IconSend size={16} aria-hidden />}
              disabled={
                action.trim() === '' || !parsed.isJson || Number(seconds) < 1 || running !== undefined
              }
            >
              Send
            </Button>
          </Group>
        </Stack>
      </form>
    </Paper>
  );
}

function parse(text: string): { readonly isJson: boolean; readonly value?: unknown } {
  if (text.trim() === '') return { isJson: true };
  try {
    return { isJson: true, value: JSON.parse(text) };
  } catch {
    return { isJson: false };
  }
}

function OutcomeCard({ outcome }: { readonly outcome: Outcome }): ReactNode {
  const { action, answer, at, error } = outcome;
  const [tone, words] = wordsOf(outcome);
  return (
    <Paper withBorder p="md">
      <Group gap="xs" mb="xs">
        <Text fw={600} ff="monospace">
          {action}
        </Text>
        <StatusBadge tone={tone}>{words}</StatusBadge>
        <Text c="dimmed" size="sm">
          {formatClock(at)}
          {answer === undefined ? '' : ` · ${String(Math.round(answer.duration_ms))} ms`}
        </Text>
      </Group>
      {answer?.error === undefined ? null : <Text>{answer.error}</Text>}
      {answer?.data === undefined ? null : (
        <pre tabIndex={0} className={classes['document']}>
          {jsonText(answer.data)}
        </pre>
      )}
      <ProblemAlert error={error} />
    </Paper>
  );
}

function wordsOf({ answer, error }: Outcome): readonly [Tone, string] {
  if (answer !== undefined)
    return answer.status === 'success' ? ['good', 'Answered'] : ['warn', 'The device answered with an error'];
  if (error instanceof ApiProblem && error.code === 'command_timeout') return ['bad', 'No answer in time'];
  if (error instanceof ApiProblem && error.code === 'device_offline') return ['bad', 'Not connected'];
  return ['bad', 'Not sent'];
}
