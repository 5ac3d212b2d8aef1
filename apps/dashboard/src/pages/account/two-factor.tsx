import { Alert, Button, Code, Group, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { QRCodeSVG } from 'qrcode.react';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { DoneButton, Secret, ShownOnceGuard } from '../../components/shown-once.tsx';
import { useShownOnce } from '../../components/use-shown-once.ts';
import { sessionQuery, useSession } from '../../session/use-session.ts';
import { Refusal } from '../sign-in/entrance.tsx';
import { Section } from './section.tsx';

const qrSizePx = 176;

/** Asking for a second factor: on, off, and the codes for when the authenticator is lost. */
export function TwoFactor(): ReactNode {
  const { two_factor_enabled: enabled } = useSession();
  return <Section title="Second factor">{enabled === true ? <SwitchedOn /> : <SwitchedOff />}</Section>;
}

function SwitchedOff(): ReactNode {
  const [password, setPassword] = useState('');
  const [confirmed, setConfirmed] = useState(false);
  const enrol = api.useMutation('post', '/api/v1/account/two-factor');
  if (enrol.data !== undefined && !confirmed) {
    return <Enrolment enrolment={enrol.data} onConfirmed={() => setConfirmed(true)} />;
  }
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        enrol.mutate({ body: { password } });
      }}
    >
      <Stack>
        <Text>
          Off. With an authenticator on your phone, nobody signs in with your password alone: switch it on if
          you may change devices.
        </Text>
        <OwnPassword value={password} onChange={setPassword} />
        <Refusal error={enrol.error} />
        <Group>
          <Button type="submit" variant="default" loading={enrol.isPending}>
            Switch it on
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

interface EnrolmentProps {
  readonly enrolment: Schema<'TwoFactorEnrolment'>;
  readonly onConfirmed: () => void;
}

/** Shown once. Nothing is asked for until a code has shown that the authenticator works. */
function Enrolment({ enrolment, onConfirmed }: EnrolmentProps): ReactNode {
  const queries = useQueryClient();
  const [code, setCode] = useState('');
  const confirm = api.useMutation('put', '/api/v1/account/two-factor', {
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
      onConfirmed();
    },
  });
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        confirm.mutate({ body: { code } });
      }}
    >
      <Stack>
        <Text>1. Scan this with your authenticator, or type the secret there.</Text>
        {/* White around it in the dark scheme too: readers want it. */}
        <Paper bg="white" p="md" w="fit-content">
          <QRCodeSVG value={enrolment.uri} size={qrSizePx} title="QR code for your authenticator" />
        </Paper>
        <Group gap="xs">
          <Code>{enrolment.secret}</Code>
          <CopyButton text={enrolment.secret} label="Copy the secret" />
        </Group>
        <Text>
          2. Keep these recovery codes where your phone is not. Each works once. They are shown this once.
        </Text>
        <RecoveryCodes codes={enrolment.recovery_codes} />
        <TextInput
          label="3. Code that the authenticator shows"
          value={code}
          onChange={(typed) => setCode(typed.currentTarget.value)}
          inputMode="numeric"
          autoComplete="one-time-code"
          required
        />
        <Refusal error={confirm.error} />
        <Group>
          <Button type="submit" loading={confirm.isPending}>
            I have kept the codes, switch it on
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function SwitchedOn(): ReactNode {
  const queries = useQueryClient();
  const [password, setPassword] = useState('');
  const renewed = useShownOnce<string>();
  const renew = api.useMutation('post', '/api/v1/account/recovery-codes', {
    // The codes before them are dead: only the last are of use.
    onSuccess: ({ recovery_codes: codes }) => {
      for (const { key } of renewed.all) renewed.drop(key);
      renewed.show(codes.join('\n'));
    },
  });
  const remove = api.useMutation('post', '/api/v1/account/two-factor/removal', {
    onSuccess: () => queries.invalidateQueries({ queryKey: sessionQuery.queryKey }),
  });
  return (
    <Stack>
      <Text>On. Signing in asks for a code of your authenticator.</Text>
      {renewed.all.map(({ key, made, taken }) => (
        <Alert key={key} title="Your new recovery codes, shown this once" color="petrol" role="status">
          <Secret text={made} label="Copy the recovery codes" onTaken={() => renewed.take(key)}>
            <DoneButton taken={taken} onDone={() => renewed.drop(key)} />
          </Secret>
        </Alert>
      ))}
      <ShownOnceGuard holds={renewed.holds(renew.isPending)} />
      <OwnPassword value={password} onChange={setPassword} />
      <Refusal error={renew.error ?? remove.error} />
      <Group>
        <Button
          variant="default"
          loading={renew.isPending}
          disabled={password === ''}
          onClick={() => renew.mutate({ body: { password } })}
        >
          New recovery codes
        </Button>
        <Button
          variant="default"
          color="red"
          loading={remove.isPending}
          disabled={password === ''}
          onClick={() => remove.mutate({ body: { password } })}
        >
          Switch it off
        </Button>
      </Group>
    </Stack>
  );
}

function RecoveryCodes({ codes }: { readonly codes: readonly string[] }): ReactNode {
  const text = codes.join('\n');
  return (
    <Stack gap="xs">
      <Code block>{text}</Code>
      <Group>
        <CopyButton text={text} label="Copy the recovery codes" />
      </Group>
    </Stack>
  );
}

interface OwnPasswordProps {
  readonly value: string;
  readonly onChange: (value: string) => void;
}

function OwnPassword({ onChange, value }: OwnPasswordProps): ReactNode {
  return (
    <PasswordInput
      label="Your password"
      value={value}
      onChange={(typed) => onChange(typed.currentTarget.value)}
      autoComplete="current-password"
      visibilityToggleButtonProps={{ 'aria-label': 'Show the password' }}
      required
    />
  );
}
