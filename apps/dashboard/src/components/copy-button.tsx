import { Button, type ButtonProps } from '@mantine/core';
import { IconCheck, IconCopy } from '@tabler/icons-react';
import { type ReactNode, useEffect, useState } from 'react';
import { after } from '../platform.ts';

const copiedMs = 2_000;

export interface CopyButtonProps extends Pick<ButtonProps, 'size' | 'variant' | 'fullWidth'> {
  /** What is put on the clipboard. */
  readonly text: string;
  /** What it is, for a button that says only "Copy": `Copy the code`. */
  readonly label: string;
  readonly children?: ReactNode;
  readonly onCopied?: () => void;
}

/** Copies, and says that it did, to the eye and to a screen reader. Works on plain HTTP too. */
export function CopyButton({
  text,
  label,
  children = 'Copy',
  onCopied,
  ...button
}: CopyButtonProps): ReactNode {
  const [outcome, setOutcome] = useState<'none' | 'copied' | 'failed'>('none');
  useEffect(() => (outcome === 'none' ? undefined : after(copiedMs, () => setOutcome('none'))), [outcome]);
  const copy = (): void => {
    copyText(text).then(
      () => {
        setOutcome('copied');
        onCopied?.();
      },
      () => setOutcome('failed'),
    );
  };
  const words = { none: children, copied: 'Copied', failed: 'Select and copy by hand' }[outcome];
  return (
    <>
      <Button
        size="compact-sm"
        variant="default"
        {...button}
        aria-label={outcome === 'none' ? label : undefined}
        leftSection={
          outcome === 'copied' ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />
        }
        onClick={copy}
      >
        {words}
      </Button>
      <span className="visually-hidden" role="status">
        {outcome === 'copied' ? 'Copied' : ''}
      </span>
    </>
  );
}

/** The clipboard needs a secure context and a permission; where there is neither, a selection does. */
async function copyText(text: string): Promise<void> {
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    copySelection(text);
  }
}

/** The selection takes the focus with it, so that has to be given back. */
function copySelection(text: string): void {
  const focused = document.activeElement;
  const area = document.createElement('textarea');
  area.value = text;
  area.className = 'visually-hidden';
  document.body.append(area);
  area.select();
  // Deprecated, and all there is.
  const command: unknown = Reflect.get(document, 'execCommand');
  const copied = typeof command === 'function' && command.call(document, 'copy') === true;
  area.remove();
  if (focused instanceof HTMLElement) focused.focus({ preventScroll: true });
  if (!copied) throw new Error('the browser copies nothing');
}
