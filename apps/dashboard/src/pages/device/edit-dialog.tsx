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
  const [isSaving, setSaving] = useState(false);
  return (
    <Modal
      opened={props.opened}
      // What was begun is seen to its end: its failure would be told to nobody.
      onClose={() => {
        if (!isSaving) props.onClose();
      }}
      title="Name, group and tags"
      closeButtonProps={{ 'aria-label': 'Close', disabled: isSaving }}
    >
      {props.opened ? <EditForm {...props} isSaving={isSaving} setSaving={setSaving} /> : null}
    </Modal>
  );
}

interface EditFormProps extends EditDialogProps {
  readonly isSaving: boolean;
  readonly setSaving: (isSaving: boolean) => void;
}

function EditForm({ device, isSaving, onClose, setSaving }: EditFormProps): ReactNode {
  const queries = useQueryClient();
  const [error, setError] = useState<unknown>(undefined);
  const { device_id: id } = device;
  const form = useForm({
    initialValues: { name: device.name ?? '', group: device.group ?? '', tags: [...device.tags] },
  });
  const save = async ({ group, name, tags }: typeof form.values): Promise<void> => {
    setError(undefined);
    setSaving(true);
    try {
      await client.PUT('/api/v1/devices/{id}', {
        params: { path: { id } },
        body: { name: textOrNull(name), group: textOrNull(group), tags },
      });
      await queries.invalidateQueries({ predicate: ({ queryKey }) => JSON.stringify(queryKey).includes(id) });
      onClose();
    } catch (problem) {
      setError(problem);
      form.setErrors(fieldProblems(problem));
    } finally {
      setSaving(false);
    }
  };
  return (
    <form
      onSubmit={form.onSubmit((values) => {
        if (!isSaving) void save(values);
      })}
    >
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
          <Button variant="default" disabled={isSaving} onClick={onClose}>
            Cancel
          </Button>
          <Button type="submit" loading={isSaving}>
            Save
          </Button>
        </Group>
      </Stack>
    </form>
  );
}

function textOrNull(text: string): string | null {
  return text.trim() === '' ? null : text.trim();
}
