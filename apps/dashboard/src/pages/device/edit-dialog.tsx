import { Button, Group, Modal, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';

export interface EditDialogProps {
  readonly device: Schema<'Device'>;
  readonly opened: boolean;
  readonly onClose: () => void;
}

/** Name, group and tags. */
export function EditDialog(props: EditDialogProps): ReactNode {
  return (
    <Modal
      opened={props.opened}
      onClose={props.onClose}
      title="Name, group and tags"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      {props.opened ? <EditForm {...props} /> : null}
    </Modal>
  );
}

function EditForm({ device, onClose }: EditDialogProps): ReactNode {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(undefined);
  const { device_id: id } = device;
  const form = useForm({
    initialValues: { name: device.name ?? '', group: device.group ?? '', tags: [...device.tags] },
  });
  const save = async ({ group, name, tags }: typeof form.values): Promise<void> => {
    setError(undefined);
    try {
      await client.PUT('/api/v1/devices/{id}', {
        params: { path: { id } },
        body: { name: textOrNull(name), group: textOrNull(group), tags },
      });
    } catch (problem) {
      setError(problem);
      form.setErrors(fieldProblems(problem));
      return;
    }
    await queries.invalidateQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(id) });
    onClose();
  };
  return (
    <form onSubmit={form.onSubmit((values) => void save(values))}>
      <Stack gap="sm">
        <TextInput label="Name (optional)" maxLength={128} data-autofocus {...form.getInputProps('name')} />
        <TextInput label="Group (optional)" maxLength={64} {...form.getInputProps('group')} />
        <TagsInput
          label="Tags (optional)"
          description="Enter adds one"
          maxTags={32}
          maxLength={64}
          {...form.getInputProps('tags')}
        />
        <ProblemAlert error={error} />
        <Group justify="flex-end">
          <Button variant="default" onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit">Save</Button>
        </Group>
      </Stack>
    </form>
  );
}

function textOrNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}
