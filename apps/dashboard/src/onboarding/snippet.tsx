import { Button, Group, Text } from '@mantine/core';
import { IconDownload } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { CopyButton } from '../components/copy-button.tsx';
import classes from './onboarding.module.css';

export interface SnippetProps {
  /** What it is, above it and on its buttons. */
  readonly label: string;
  readonly text: string;
  /** Offers it as a file of this name. */
  readonly download?: string;
  /** Called when it was copied or saved: it is somewhere else now. */
  readonly onTaken: () => void;
}

/** A text for a device: to read, to copy, to save. */
export function Snippet({ label, text, download, onTaken }: SnippetProps): ReactNode {
  return (
    <div>
      <Group justify="space-between" mb={4} gap="xs">
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <Group gap="xs">
          <CopyButton text={text} label={`Copy: ${label}`} onCopied={onTaken} />
          {download === undefined ? null : (
            <Button
              size="compact-sm"
              variant="default"
              leftSection={<IconDownload size={14} aria-hidden />}
              onClick={() => {
                saveFile(download, text);
                onTaken();
              }}
            >
              Download {download}
            </Button>
          )}
        </Group>
      </Group>
      <pre className={classes['snippet']} tabIndex={0} aria-label={label}>
        {text.trimEnd()}
      </pre>
    </div>
  );
}

/** Through a blob: nothing is asked of the cloud, which does not have the text. */
function saveFile(name: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type: 'text/plain' }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  URL.revokeObjectURL(url);
}
