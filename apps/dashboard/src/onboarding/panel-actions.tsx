import { Button, Group, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { client } from '../api/client.ts';
import { ConfirmDialog } from '../components/confirm-dialog.tsx';
import { ProblemAlert } from '../components/problem-alert.tsx';
import { useMay } from '../session/use-session.ts';
import { type Attempt, fittingBind, type Onboarding, type PanelState } from './state.ts';

export interface PanelHandlers {
  /** Makes a new code with the settings of this one. */
  readonly onRemake: (onboarding: Onboarding) => Promise<unknown>;
  readonly onAddAnother: () => void;
}

interface StateActionsProps extends PanelHandlers {
  readonly onboarding: Onboarding;
  readonly state: PanelState;
}

/** What can be done in a state. What a role may not do is not offered. */
export function StateActions({ onAddAnother, onRemake, onboarding, state }: StateActionsProps): ReactNode {
  const may = useMay('operator');
  switch (state.kind) {
    case 'refused':
      return may && state.mismatches.length > 0 ? (
        <ChangeBinding onboarding={onboarding} state={state} />
      ) : null;
    case 'expired':
    case 'revoked':
      return may ? <Remake onRemake={() => onRemake(onboarding)} /> : null;
    case 'online':
    case 'away':
      return (
        <Group gap="xs">
          <OpenDevice deviceId={state.deviceId} />
          {may ? (
            <Button size="compact-md" variant="default" onClick={onAddAnother}>
              Add another
            </Button>
          ) : null}
        </Group>
      );
    case 'gone':
      return may ? (
        <Group>
          <Button size="compact-md" variant="default" onClick={onAddAnother}>
            Add another
          </Button>
        </Group>
      ) : null;
    case 'waiting':
    case 'registered':
      return null;
  }
}

function OpenDevice({ deviceId }: { readonly deviceId: string }): ReactNode {
  return (
    <Button size="compact-md" component={Link} to={`/devices/${deviceId}`}>
      Open
    </Button>
  );
}

function Remake({ onRemake }: { readonly onRemake: () => Promise<unknown> }): ReactNode {
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<unknown>();
  const remake = (): void => {
    setWorking(true);
    setError(undefined);
    onRemake()
      .catch(setError)
      .finally(() => setWorking(false));
  };
  return (
    <>
      <Group>
        <Button size="compact-md" loading={working} onClick={remake}>
          New code, same settings
        </Button>
      </Group>
      <ProblemAlert error={error} />
    </>
  );
}

function ChangeBinding({
  onboarding,
  state,
}: {
  readonly onboarding: Onboarding;
  readonly state: Extract<PanelState, { kind: 'refused' }>;
}): ReactNode {
  const queries = useQueryClient();
  const [asking, setAsking] = useState(false);
  const { code } = onboarding;
  const bind = fittingBind(code.bind, state.mismatches);
  const change = async (): Promise<void> => {
    const body = { bind: Object.keys(bind).length === 0 ? null : bind };
    await client.PUT('/api/v1/provisioning-codes/{id}', { params: { path: { id: code.id } }, body });
    await queries.invalidateQueries();
  };
  return (
    <Group>
      <Button size="compact-md" onClick={() => setAsking(true)}>
        Change binding
      </Button>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title="Change the binding of this code?"
        confirm="Change binding"
        onConfirm={change}
      >
        {state.mismatches.map(({ bound, field, presented }) => (
          <Text key={field}>
            {presented === null
              ? `The device does not tell its ${nouns[field]}. The code will no longer ask for ${bound}.`
              : `The code will be bound to ${nouns[field]} ${presented} in place of ${bound}.`}
          </Text>
        ))}
        <Text mt="xs">
          The device was at {state.attempt.address}. Change it only if that is the device you mean.
        </Text>
      </ConfirmDialog>
    </Group>
  );
}

const nouns = { mac_address: 'MAC address', serial_number: 'serial number', board_model: 'board' } as const;

/** Somebody else had the code too. */
export function SecondAttempt({
  attempt,
  onboarding,
}: {
  readonly attempt: Attempt;
  readonly onboarding: Onboarding;
}): ReactNode {
  const queries = useQueryClient();
  const may = useMay('operator');
  const [asking, setAsking] = useState(false);
  const deviceId = onboarding.code.used_by ?? '';
  const revoke = async (): Promise<void> => {
    await client.POST('/api/v1/devices/{id}/revoke', { params: { path: { id: deviceId } } });
    await queries.invalidateQueries();
  };
  const revoked = onboarding.device === null || onboarding.device.status === 'revoked';
  return (
    <Group gap="xs" role="alert">
      <Text>
        Second attempt from {attempt.address}; first use: {deviceId}. Not yours?
      </Text>
      {may && !revoked ? (
        <Button size="compact-md" color="red" variant="light" onClick={() => setAsking(true)}>
          Revoke
        </Button>
      ) : null}
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title={`Revoke ${deviceId}?`}
        confirm="Revoke"
        danger
        onConfirm={revoke}
      >
        The device that used this code first disconnects now and is refused until it is restored. Do this if
        it is not yours: somebody else had the code. Then make a new code for your own.
      </ConfirmDialog>
    </Group>
  );
}
