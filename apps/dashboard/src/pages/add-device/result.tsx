import { Button, Group, Stack, Text } from '@mantine/core';
import type { OnboardingSettings } from '@edgeflow/contract';
import { IconPlugConnected } from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import type { Schema } from '../../api/client.ts';
import { EmptyState } from '../../components/empty-state.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { useMay } from '../../session/use-session.ts';
import classes from './add-device.module.css';
import { DevicePanel } from '../../onboarding/device-panel.tsx';
import type { Onboarding } from '../../onboarding/state.ts';
import type { Secrets } from './secret.ts';
import { Panel } from '../../onboarding/panel.tsx';
import type { PanelHandlers } from '../../onboarding/panel-actions.tsx';
import { PutOnDevice } from '../../onboarding/put-on-device.tsx';
import { useOnboarding } from '../../onboarding/use-onboarding.ts';

export interface ResultProps extends PanelHandlers {
  /** The code that is watched. */
  readonly codeId: string | undefined;
  /** The device that was made beforehand and is watched. */
  readonly madeId: string | undefined;
  readonly secrets: Secrets;
  readonly enrolment: Schema<'Enrolment'> | undefined;
  /** What has this id is somewhere else now, or of no use any more. */
  readonly onTaken: (id: string) => void;
  readonly onReplace: (onboarding: Onboarding) => Promise<unknown>;
}

/** Beside the form: what is put on the device, and what happens then. */
export function Result(props: ResultProps): ReactNode {
  const { codeId, madeId, onAddAnother, secrets } = props;
  if (codeId !== undefined) return <CodeResult key={codeId} {...props} codeId={codeId} />;
  if (madeId !== undefined) {
    const secret = secrets.get(madeId);
    return (
      <div className={classes['result']} key={madeId}>
        {secret?.kind === 'credentials' ? (
          <Shown
            {...props}
            id={madeId}
            identity={{ kind: 'credentials', deviceId: madeId, apiKey: secret.apiKey }}
          />
        ) : (
          <Text className={classes['card']}>
            The key is no longer shown. If it is lost, replace the device with a code, or give it a new key.
          </Text>
        )}
        <DevicePanel deviceId={madeId} onAddAnother={onAddAnother} />
      </div>
    );
  }
  return (
    <div className={classes['card']}>
      <EmptyState icon={IconPlugConnected} title="The code will be here">
        To copy, to scan or to save as a file; and beneath it what happens: the device registers, its tunnel
        opens, it is online.
      </EmptyState>
    </div>
  );
}

function CodeResult(props: ResultProps & { readonly codeId: string }): ReactNode {
  const { codeId, onAddAnother, onRemake, onTaken, secrets } = props;
  const watched = useOnboarding(codeId);
  const { query } = watched;
  const code = query.data?.code;
  // Its time may be over before the cloud is asked again.
  const isOver =
    code !== undefined && (code.status !== 'active' || Date.parse(code.expires_at) <= watched.cloudNowMs);
  useEffect(() => {
    if (isOver) onTaken(codeId);
  }, [isOver, onTaken, codeId]);
  const known = secrets.get(codeId);
  return (
    <div className={classes['result']}>
      {known?.kind === 'code' && !isOver ? (
        <Shown {...props} id={codeId} identity={{ kind: 'code', code: known.code }} />
      ) : query.data !== undefined && !isOver ? (
        <NoLongerShown {...props} onboarding={query.data} />
      ) : null}
      <Panel watched={watched} handlers={{ onAddAnother, onRemake }} />
    </div>
  );
}

function Shown(
  props: ResultProps & { readonly id: string; readonly identity: OnboardingSettings['identity'] },
): ReactNode {
  const { codeId, enrolment, id, identity, onTaken } = props;
  if (enrolment === undefined) return null;
  const { development_ca: developmentCa, pins, public_url: cloudUrl } = enrolment;
  return (
    <div className={classes['card']}>
      <PutOnDevice
        settings={{ cloudUrl, pins, identity }}
        {...(codeId === undefined ? {} : { codeId })}
        developmentCa={developmentCa}
        takesFocus
        onTaken={() => onTaken(id)}
      />
    </div>
  );
}

function NoLongerShown({
  onReplace,
  onboarding,
}: ResultProps & { readonly onboarding: Onboarding }): ReactNode {
  const may = useMay('operator');
  const [working, setWorking] = useState(false);
  const [error, setError] = useState<unknown>();
  const replace = (): void => {
    setWorking(true);
    onReplace(onboarding)
      .catch(setError)
      .finally(() => setWorking(false));
  };
  return (
    <Stack gap="xs" className={classes['card']}>
      <Group justify="space-between">
        <Text fw={600}>The code is no longer shown.</Text>
        {may ? (
          <Button variant="default" loading={working} onClick={replace}>
            Replace
          </Button>
        ) : null}
      </Group>
      <Text size="sm" c="dimmed">
        It works all the same where it is already. Replace makes a new one with the same settings and revokes
        this one.
      </Text>
      <ProblemAlert error={error} />
    </Stack>
  );
}
