import {
  Anchor,
  Button,
  Collapse,
  Group,
  Select,
  Stack,
  TagsInput,
  Text,
  TextInput,
  UnstyledButton,
} from '@mantine/core';
import { useForm } from '@mantine/form';
import { IconChevronRight } from '@tabler/icons-react';
import { type ReactNode, useId, useState } from 'react';
import { fieldProblems } from '../../api/problem.ts';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import classes from './add-device.module.css';
import { DevicePicker } from './device-picker.tsx';
import { emptyForm, type FormValues, ofOneDevice, validities } from './form-values.ts';

export interface AddFormProps {
  /** Id of a device to replace, chosen beforehand. */
  readonly device: string | undefined;
  readonly onCreate: (values: FormValues) => Promise<unknown>;
  readonly onCredentials: (values: FormValues) => Promise<unknown>;
}

/** Fields whose problems are shown beside them; all others are shown above the button. */
const fieldOf: Readonly<Record<string, keyof FormValues>> = {
  name: 'name',
  device_name: 'name',
  group: 'group',
  tags: 'tags',
  ttl_seconds: 'validity',
  'bind.mac_address': 'mac_address',
  'bind.serial_number': 'serial_number',
  'bind.board_model': 'board_model',
  device_id: 'device',
};
const foldedFields: ReadonlySet<string> = new Set<keyof FormValues>([
  ...(['group', 'tags', 'validity', 'mac_address', 'serial_number', 'board_model', 'device'] as const),
]);

/** What the cloud says of single members, by the field that they come from. */
function fieldErrors(problem: unknown): Record<string, string> {
  const known = Object.entries(fieldProblems(problem)).flatMap(([path, message]) => {
    const field = fieldOf[path] ?? fieldOf[path.split('.')[0] ?? ''];
    return field === undefined ? [] : [[field, message] as const];
  });
  return Object.fromEntries(known);
}

export function AddForm({ device, onCreate, onCredentials }: AddFormProps): ReactNode {
  const [unfolded, setUnfolded] = useState(device !== undefined);
  const [working, setWorking] = useState<Working>();
  const [error, setError] = useState<unknown>();
  const optionsId = useId();
  const form = useForm<FormValues>({
    mode: 'controlled',
    initialValues: { ...emptyForm, device: device ?? '' },
  });

  const act = (kind: 'code' | 'credentials', call: (values: FormValues) => Promise<unknown>): void => {
    setWorking(kind);
    setError(undefined);
    form.clearErrors();
    call(form.values)
      .then(() => {
        // The next device is like this one, and another.
        form.setValues(ofOneDevice);
        setUnfolded(false);
      })
      .catch((problem: unknown) => {
        setError(problem);
        const errors = fieldErrors(problem);
        form.setErrors(errors);
        if (Object.keys(errors).some((field) => foldedFields.has(field))) setUnfolded(true);
      })
      .finally(() => setWorking(undefined));
  };

  return (
    <form
      className={classes['card']}
      onSubmit={form.onSubmit(() => {
        if (working === undefined) act('code', onCreate);
      })}
      aria-label="Add a device"
    >
      <Stack gap="sm">
        <TextInput
          label="Name"
          description="Optional. What you call the device; its host name stands in."
          maxLength={128}
          autoComplete="off"
          {...form.getInputProps('name')}
        />
        <UnstyledButton
          className={classes['fold']}
          aria-expanded={unfolded}
          aria-controls={optionsId}
          onClick={() => setUnfolded(!unfolded)}
        >
          <IconChevronRight size={16} aria-hidden data-open={unfolded ? true : undefined} />
          Group, tags, validity, binding, replace a device
        </UnstyledButton>
        <Collapse expanded={unfolded} id={optionsId}>
          <Options form={form} />
        </Collapse>
        <ProblemAlert error={error} />
        <Actions
          working={working}
          replaces={form.values.device !== ''}
          onCredentials={() => act('credentials', onCredentials)}
        />
      </Stack>
    </form>
  );
}

function Options({ form }: { readonly form: ReturnType<typeof useForm<FormValues>> }): ReactNode {
  const replaces = form.values.device !== '';
  const kept = replaces ? 'The device that is replaced keeps its own.' : undefined;
  return (
    <Stack gap="sm">
      <TextInput
        label="Group"
        maxLength={64}
        disabled={replaces}
        description={kept}
        {...form.getInputProps('group')}
      />
      <TagsInput
        label="Tags"
        description={kept ?? 'Press Enter after each.'}
        maxTags={32}
        disabled={replaces}
        {...form.getInputProps('tags')}
      />
      <Select
        label="Validity"
        data={validities}
        allowDeselect={false}
        description="Until when the code can be used. The device it makes stays."
        {...form.getInputProps('validity')}
      />
      <Text size="sm" fw={600} mt="xs">
        Binding
      </Text>
      <Text size="sm" c="dimmed" mt={-8}>
        Only hardware with these values can use the code. Leave empty what may be anything.
      </Text>
      <TextInput label="MAC address" placeholder="dc:a6:32:01:02:03" {...form.getInputProps('mac_address')} />
      <TextInput label="Serial number" {...form.getInputProps('serial_number')} />
      <TextInput
        label="Board"
        placeholder="Raspberry Pi 4 Model B Rev 1.4"
        {...form.getInputProps('board_model')}
      />
      <DevicePicker {...form.getInputProps('device')} />
    </Stack>
  );
}

type Working = 'code' | 'credentials' | undefined;

function Actions({
  onCredentials,
  replaces,
  working,
}: {
  readonly working: Working;
  /** A device is to be replaced: an ID and key of its own would make another. */
  readonly replaces: boolean;
  readonly onCredentials: () => void;
}): ReactNode {
  return (
    <Group justify="space-between" gap="sm">
      <Button type="submit" loading={working === 'code'} disabled={working === 'credentials'}>
        Create code
      </Button>
      {replaces ? (
        <Text size="sm" c="dimmed">
          A code replaces a device; an ID and key are for a new one.
        </Text>
      ) : (
        <Anchor
          component="button"
          type="button"
          size="sm"
          disabled={working !== undefined}
          onClick={onCredentials}
        >
          I need an ID and key now
        </Anchor>
      )}
    </Group>
  );
}
