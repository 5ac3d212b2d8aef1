import { Alert, Button, Group, Text } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { IconDownload } from '@tabler/icons-react';
import { type ReactNode, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { ConfirmDialog } from '../../components/confirm-dialog.tsx';
import { When } from '../../components/when.tsx';

type Detail = Schema<'BatchDetail'>;

/** The texts of the codes: as files while they are kept, and why not any more. */
export function Texts({ batch }: { readonly batch: Detail }): ReactNode {
  switch (batch.texts.status) {
    case 'being_made':
      return null;
    case 'wiped':
      return batch.status === 'revoked' ? null : <Wiped batch={batch} />;
    case 'available':
      return <Available batch={batch} />;
  }
}

function Wiped({ batch }: { readonly batch: Detail }): ReactNode {
  return (
    <Alert variant="light" title="The codes are no longer shown">
      {batch.texts.wiped_reason === 'saved' ? 'Somebody said that they are saved, ' : 'Their hour was over, '}
      <When at={batch.texts.wiped_at} />. If the files are lost, <b>Replace unused</b> issues the unused rows
      anew.
    </Alert>
  );
}

function Available({ batch }: { readonly batch: Detail }): ReactNode {
  const [asking, setAsking] = useState(false);
  const queries = useQueryClient();
  const base = `/api/v1/batches/${batch.id}`;
  return (
    <Alert variant="light" title="Save the codes now">
      <Text size="sm">
        They can be exported until <When at={batch.texts.until} as="exact" /> or until you say that you saved
        them; then they are wiped for good.
      </Text>
      <Group mt="sm" gap="xs">
        <File href={`${base}/csv`}>CSV</File>
        <File href={`${base}/labels?page=a4`}>Labels, A4</File>
        <File href={`${base}/labels?page=letter`}>Labels, Letter</File>
        <File href={`${base}/env-files`}>.env files (zip)</File>
        <Button size="compact-md" onClick={() => setAsking(true)}>
          I saved them
        </Button>
      </Group>
      <Text size="sm" mt="sm">
        Labels print names in the letters of Western European languages; any other letter becomes a question
        mark. Code and QR code are whole on every label, and so are all names in the CSV.
      </Text>
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title="Wipe the texts of these codes?"
        confirm="Wipe them"
        onConfirm={async () => {
          await client.POST('/api/v1/batches/{id}/saved', { params: { path: { id: batch.id } } });
          await queries.invalidateQueries();
        }}
      >
        Nobody can export them any more, you neither. The codes themselves go on working.
      </ConfirmDialog>
    </Alert>
  );
}

function File({ children, href }: { readonly children: ReactNode; readonly href: string }): ReactNode {
  return (
    <Button
      component="a"
      href={href}
      download
      size="compact-md"
      variant="default"
      leftSection={<IconDownload size={14} aria-hidden />}
    >
      {children}
    </Button>
  );
}
