import { Anchor, Stack, Tabs, Text, Title } from '@mantine/core';
import {
  formatCloudInit,
  formatEnvFile,
  formatInstallCommand,
  formatProvisioningLink,
  formatShellCommand,
  type OnboardingSettings,
} from '@edgeflow/contract';
import { IconDeviceSdCard, IconFileText, IconTerminal2 } from '@tabler/icons-react';
import { type ReactNode, useEffect, useRef, useState } from 'react';
import { AgentStart } from './agent-start.tsx';
import { Credentials, LargeCode } from './large-code.tsx';
import { Snippet } from './snippet.tsx';

export const envFileName = 'edgeflow.env';

export interface PutOnDeviceProps {
  readonly settings: OnboardingSettings;
  /** Public id of the code, for the page that the link opens. */
  readonly codeId?: string;
  /** Whether the pins are those of the cloud's own CA. */
  readonly developmentCa: boolean;
  /** The code came with its link: there is nothing to scan, and nothing is lost by leaving. */
  readonly fromLink?: boolean;
  /** Whether focus goes to its heading once it appears. */
  readonly takesFocus?: boolean;
  /** Called when the code, or a text with it, was copied or saved. */
  readonly onTaken: () => void;
}

/** The code, or the credentials, in every form in which a device takes them. */
export function PutOnDevice(props: PutOnDeviceProps): ReactNode {
  const { codeId, developmentCa, fromLink, onTaken, settings, takesFocus } = props;
  const { cloudUrl, identity, pins } = settings;
  const heading = useRef<HTMLHeadingElement>(null);
  useEffect(() => {
    if (takesFocus === true) heading.current?.focus();
  }, [takesFocus]);
  return (
    <Stack gap="md" component="section" aria-labelledby="put-on-device">
      <Title order={2} id="put-on-device" ref={heading} tabIndex={-1}>
        Put it on the device
      </Title>
      {identity.kind === 'code' ? (
        <LargeCode
          code={identity.code}
          fromLink={fromLink === true}
          link={formatProvisioningLink({
            cloudUrl,
            code: identity.code,
            pins,
            ...(codeId === undefined ? {} : { codeId }),
          })}
          onTaken={onTaken}
        />
      ) : (
        <Credentials deviceId={identity.deviceId} apiKey={identity.apiKey} onTaken={onTaken} />
      )}
      <Ways envFile={formatEnvFile(settings)} onTaken={onTaken} />
      {developmentCa && pins.length > 0 ? (
        <Text size="sm" c="dimmed">
          This cloud has a certificate of its own making. The pin in each text makes the device trust it and
          no other;{' '}
          <Anchor href="/ca.pem" download>
            the CA
          </Anchor>{' '}
          is for browsers.
        </Text>
      ) : null}
      <AgentStart />
    </Stack>
  );
}

/** The same settings for a card, a shell and a file. */
function Ways({ envFile, onTaken }: { readonly envFile: string; readonly onTaken: () => void }): ReactNode {
  const [tab, setTab] = useState<string | null>('card');
  return (
    <Tabs value={tab} onChange={setTab} keepMounted={false}>
      <Tabs.List mb="md">
        <Tabs.Tab value="card" leftSection={<IconDeviceSdCard size={16} aria-hidden />}>
          SD card
        </Tabs.Tab>
        <Tabs.Tab value="shell" leftSection={<IconTerminal2 size={16} aria-hidden />}>
          Shell
        </Tabs.Tab>
        <Tabs.Tab value="env" leftSection={<IconFileText size={16} aria-hidden />}>
          .env
        </Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="card">
        <Stack gap="sm">
          <Text>
            For a card that has not booted yet, with an image that has the agent and cloud-init: save this as{' '}
            <code>user-data</code> on the card’s boot partition, in place of the one that is there.
          </Text>
          <Snippet label="user-data" text={formatCloudInit(envFile)} download="user-data" onTaken={onTaken} />
        </Stack>
      </Tabs.Panel>
      <Tabs.Panel value="shell">
        <Stack gap="sm">
          <Text>
            For a device that runs already. It writes the settings and restarts the agent’s service. Where
            there is no such service it says so, and you start the agent by hand:
          </Text>
          <Snippet label="One line for its shell" text={formatShellCommand(envFile)} onTaken={onTaken} />
        </Stack>
      </Tabs.Panel>
      <Tabs.Panel value="env">
        <Stack gap="sm">
          <Snippet label={envFileName} text={envFile} download={envFileName} onTaken={onTaken} />
          <Text>Copy the file to the device, then install it so that only root can read it:</Text>
          <Snippet label="Install it" text={formatInstallCommand(envFileName)} onTaken={onTaken} />
        </Stack>
      </Tabs.Panel>
    </Tabs>
  );
}
