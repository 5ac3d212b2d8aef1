import { Group, Stack, Text } from '@mantine/core';
import { QRCodeSVG } from 'qrcode.react';
import type { ReactNode } from 'react';
import { CopyButton } from '../components/copy-button.tsx';
import classes from './onboarding.module.css';
import { Snippet } from './snippet.tsx';

const qrPixels = 168;

export interface LargeCodeProps {
  readonly code: string;
  readonly link: string;
  /** It came with its link, and is there again whenever that is opened. */
  readonly fromLink: boolean;
  readonly onTaken: () => void;
}

/** The code to read from across a room, and its link to scan. */
export function LargeCode({ code, fromLink, link, onTaken }: LargeCodeProps): ReactNode {
  return (
    <div className={classes['code']}>
      <Stack gap="xs" className={classes['codeText']}>
        <Text className={classes['digits']} data-testid="code">
          {code}
        </Text>
        <Group gap="xs">
          <CopyButton text={code} label="Copy code" onCopied={onTaken}>
            Copy code
          </CopyButton>
          <CopyButton text={link} label="Copy link" onCopied={onTaken}>
            Copy link
          </CopyButton>
        </Group>
        <Text size="sm" c="dimmed">
          {fromLink
            ? 'Single use. Whoever has this link has the code.'
            : 'Single use. Shown this once: the cloud keeps only a hash of it.'}
        </Text>
      </Stack>
      {fromLink ? null : (
        <div className={classes['qr']}>
          <QRCodeSVG
            value={link}
            size={qrPixels}
            level="M"
            marginSize={3}
            title="QR code of the provisioning link"
          />
          <Text size="xs" ta="center">
            For a phone at the device
          </Text>
        </div>
      )}
    </div>
  );
}

/** An identity made ahead: it needs no code. */
export function Credentials({
  deviceId,
  apiKey,
  onTaken,
}: {
  readonly deviceId: string;
  readonly apiKey: string;
  readonly onTaken: () => void;
}): ReactNode {
  return (
    <Stack gap="xs">
      <Snippet label="Device id" text={deviceId} onTaken={() => undefined} />
      <Snippet label="API key" text={apiKey} onTaken={onTaken} />
      <Text size="sm" c="dimmed">
        The key is shown this once: the cloud keeps only a hash of it.
      </Text>
    </Stack>
  );
}
