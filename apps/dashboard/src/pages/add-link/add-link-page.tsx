import { Alert, Anchor, Container, Group, Stack, Text } from '@mantine/core';
import { type LinkReading, parseProvisioningLink } from '@edgeflow/contract';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useQuery } from '@tanstack/react-query';
import { type ReactNode, useEffect, useState } from 'react';
import { Page } from '../../components/page.tsx';
import { LiveProvider } from '../../live/live.tsx';
import { sessionQuery } from '../../session/use-session.ts';
import { Mark } from '../../shell/mark.tsx';
import { LinkedPanel } from './linked-panel.tsx';
import { PutOnDevice } from '../../onboarding/put-on-device.tsx';
import { TextLink } from '../../components/text-link.tsx';

/**
 * The page of a provisioning link. What follows `#` is read here and never sent anywhere: the code is in no request,
 * and neither is it kept.
 */
export function AddLinkPage(): ReactNode {
  const reading = useLink();
  return (
    <Container component="main" size="sm" py="md">
      <Group gap="xs" mb="md">
        <Mark />
        <Text fw={680}>EdgeFlow</Text>
      </Group>
      <Page title="Add this device">
        {reading.ok ? <Instructions link={reading.link} /> : <Damaged {...reading} />}
      </Page>
    </Container>
  );
}

/** The link in the address bar, also when another one is scanned into the same tab. */
function useLink(): LinkReading {
  const [href, setHref] = useState(() => globalThis.location.href);
  useEffect(() => {
    const changed = (): void => setHref(globalThis.location.href);
    globalThis.addEventListener('hashchange', changed);
    return () => globalThis.removeEventListener('hashchange', changed);
  }, []);
  return parseProvisioningLink(href);
}

function Damaged({ nextStep, problem }: Extract<LinkReading, { ok: false }>): ReactNode {
  return (
    <Alert color="red" icon={<IconAlertTriangle aria-hidden />} title="This link cannot be used" role="alert">
      <Text>
        {problem.charAt(0).toUpperCase()}
        {problem.slice(1)}. Nothing was sent.
      </Text>
      <Text>{nextStep}</Text>
    </Alert>
  );
}

function Instructions({ link }: { readonly link: Extract<LinkReading, { ok: true }>['link'] }): ReactNode {
  const { cloudUrl, code, codeId, pins } = link;
  const session = useQuery({ ...sessionQuery, retry: false });
  return (
    <Stack gap="lg">
      <Text>
        This code makes one device of the cloud at <strong>{cloudUrl}</strong>. Nothing of it has left this
        browser. Put it on the device in one of these ways; the agent does the rest.
      </Text>
      {session.data === undefined ? <SignInHint pending={session.isPending} /> : null}
      <PutOnDevice
        settings={{ cloudUrl, pins, identity: { kind: 'code', code } }}
        {...(codeId === undefined ? {} : { codeId })}
        developmentCa={false}
        fromLink
        onTaken={() => undefined}
      />
      {session.data === undefined ? null : codeId === undefined ? (
        <Text size="sm" c="dimmed">
          What happens with this code is shown under <TextLink to="/codes">Codes</TextLink>.
        </Text>
      ) : (
        <LiveProvider onSignedOut={() => void session.refetch()}>
          <LinkedPanel codeId={codeId} />
        </LiveProvider>
      )}
    </Stack>
  );
}

/** Another tab, because this one's address holds the code: it must not go through a sign-in. */
function SignInHint({ pending }: { readonly pending: boolean }): ReactNode {
  return (
    <Text size="sm" c="dimmed">
      {pending ? (
        'Looking whether you are signed in…'
      ) : (
        <>
          <Anchor href="/sign-in" target="_blank" rel="noopener">
            Sign in in another tab
          </Anchor>{' '}
          to watch here how the device comes online; then come back to this one.
        </>
      )}
    </Text>
  );
}
