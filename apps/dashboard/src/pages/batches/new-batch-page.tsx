import {
  Anchor,
  Button,
  Checkbox,
  FileButton,
  Group,
  NumberInput,
  SegmentedControl,
  Stack,
  TagsInput,
  Textarea,
  Text,
  TextInput,
} from '@mantine/core';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useRef, useState } from 'react';
import { client, type Schema } from '../../api/client.ts';
import { LeaveGuard } from '../../components/leave-guard.tsx';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { randomKey } from '../../platform.ts';
import { useMay } from '../../session/use-session.ts';
import { Checked } from './checked.tsx';

type Request = Schema<'CreateBatchRequest'>;
type Check = Schema<'BatchCheck'>;

const template = 'name,serial,mac,tags\npump-1,10000000abcdef01,dc:a6:32:01:02:03,hall 3;wet\n';
const templateAddress = `data:text/csv;charset=utf-8,${encodeURIComponent(template)}`;
const daySeconds = 24 * 3600;

interface Values {
  readonly source: 'count' | 'csv';
  readonly name: string;
  /** As it stands in its field: nothing while it is typed anew. */
  readonly count: number | '';
  readonly prefix: string;
  readonly csv: string;
  readonly group: string;
  readonly tags: readonly string[];
  readonly days: number | '';
  readonly onlyGood: boolean;
}

const blank: Values = {
  ...{
    source: 'count',
    name: '',
    count: 10,
    prefix: '',
    csv: '',
    group: '',
    tags: [],
    days: 30,
    onlyGood: false,
  },
};

function requestOf(values: Values): Request {
  const { count, csv, days, group, name, onlyGood, prefix, source, tags } = values;
  return {
    ...(name.trim() === '' ? {} : { name: name.trim() }),
    ...(group.trim() === '' ? {} : { group: group.trim() }),
    tags: [...tags],
    ttl_seconds: Number(days) * daySeconds,
    only_good_rows: onlyGood,
    ...(source === 'csv'
      ? { csv }
      : { count: Number(count), ...(prefix.trim() === '' ? {} : { name_prefix: prefix.trim() }) }),
  };
}

interface Draft {
  readonly values: Values;
  readonly check: Check | undefined;
  readonly error: unknown;
  readonly working: boolean;
  readonly change: (members: Partial<Values>) => void;
  readonly onlyGood: (wanted: boolean) => void;
  readonly look: () => void;
  readonly make: () => void;
}

/** What is typed, what the cloud said of it, and the one request that makes the batch. */
function useDraft(): Draft {
  const navigate = useNavigate();
  const [values, setValues] = useState(blank);
  const [check, setCheck] = useState<Check | undefined>(undefined);
  const [error, setError] = useState<unknown>(undefined);
  const [working, setWorking] = useState(false);
  // One batch, however often the button is pressed or the answer is lost; another one once anything has changed.
  const [key, setKey] = useState(randomKey);
  const set = (members: Partial<Values>): void => {
    setValues((before) => ({ ...before, ...members }));
    setKey(randomKey());
  };
  const run = (work: () => Promise<void>): void => {
    setWorking(true);
    setError(undefined);
    work()
      .catch(setError)
      .finally(() => setWorking(false));
  };
  return {
    ...{ values, check, error, working },
    change: (members) => {
      set(members);
      setCheck(undefined);
    },
    onlyGood: (wanted) => set({ onlyGood: wanted }),
    look: () =>
      run(async () => {
        const { data } = await client.POST('/api/v1/batches/check', { body: requestOf(values) });
        setCheck(data);
      }),
    make: () =>
      run(async () => {
        const { data } = await client.POST('/api/v1/batches', {
          params: { header: { 'Idempotency-Key': key } },
          body: requestOf(values),
        });
        if (data !== undefined) await navigate({ to: `/batches/${data.id}`, ignoreBlocker: true });
      }),
  };
}

/** Makes a batch, for whoever may. */
export function NewBatchPage(): ReactNode {
  if (useMay('operator')) return <NewBatch />;
  return (
    <Page title="New batch">
      <Text>
        Your role may look at batches, not make them. Ask an admin of the organization for the role operator.
      </Text>
    </Page>
  );
}

/** Codes by a number or from a table of devices, looked at before any of them is made. */
function NewBatch(): ReactNode {
  const draft = useDraft();
  const { check, error, values, working } = draft;
  const isChecked = values.source === 'count' || check !== undefined;
  const isGood =
    check === undefined || check.problems_total === 0 || (values.onlyGood && check.rows_good > 0);
  return (
    <Page
      title="New batch"
      description="One code for each device, valid for 30 days unless you say otherwise."
    >
      <form
        onSubmit={(submit) => {
          submit.preventDefault();
          if (working) return;
          if (isChecked) draft.make();
          else draft.look();
        }}
      >
        <Stack maw={640}>
          <Fields values={values} onChange={draft.change} />
          {check === undefined ? null : <Checked check={check} />}
          {check !== undefined && check.problems_total > 0 && check.rows_good > 0 ? (
            <Checkbox
              label={`Make the ${String(check.rows_good)} good rows and leave out the others`}
              checked={values.onlyGood}
              onChange={({ currentTarget }) => draft.onlyGood(currentTarget.checked)}
            />
          ) : null}
          <ProblemAlert error={error} />
          <LeaveGuard active={values.csv.trim() !== ''} title="Leave without the table?">
            What was typed or pasted here is kept nowhere else.
          </LeaveGuard>
          <Group>
            <Button type="submit" loading={working} disabled={isChecked && !isGood}>
              {isChecked ? 'Create batch' : 'Check the table'}
            </Button>
          </Group>
        </Stack>
      </form>
    </Page>
  );
}

interface PartProps {
  readonly values: Values;
  readonly onChange: (members: Partial<Values>) => void;
}

function Fields({ onChange, values }: PartProps): ReactNode {
  return (
    <>
      <TextInput
        label="Name"
        description="Of the batch, for people: a site, an order."
        value={values.name}
        maxLength={128}
        onChange={({ currentTarget }) => onChange({ name: currentTarget.value })}
      />
      <SegmentedControl
        aria-label="Which devices"
        value={values.source}
        data={[
          { value: 'count', label: 'By number' },
          { value: 'csv', label: 'From a table (CSV)' },
        ]}
        onChange={(source) => onChange({ source: source === 'csv' ? 'csv' : 'count' })}
      />
      {values.source === 'count' ? (
        <ByCount values={values} onChange={onChange} />
      ) : (
        <FromTable values={values} onChange={onChange} />
      )}
      <TextInput
        label="Group"
        value={values.group}
        maxLength={64}
        onChange={({ currentTarget }) => onChange({ group: currentTarget.value })}
      />
      <TagsInput
        label="Tags of every device"
        value={[...values.tags]}
        onChange={(tags) => onChange({ tags })}
      />
      <NumberInput
        label="Valid for days"
        required
        min={1}
        max={366}
        allowDecimal={false}
        value={values.days}
        onChange={(days) => onChange({ days: Number(days) || '' })}
      />
    </>
  );
}

function ByCount({ onChange, values }: PartProps): ReactNode {
  return (
    <>
      <NumberInput
        label="Number of codes"
        required
        min={1}
        max={10_000}
        allowDecimal={false}
        value={values.count}
        onChange={(count) => onChange({ count: Number(count) || '' })}
      />
      <TextInput
        label="Device names begin with"
        description="pump becomes pump-01, pump-02 and so on. Left empty, devices get no name."
        value={values.prefix}
        maxLength={100}
        onChange={({ currentTarget }) => onChange({ prefix: currentTarget.value })}
      />
    </>
  );
}

function FromTable({ onChange, values }: PartProps): ReactNode {
  const [unread, setUnread] = useState<string | undefined>(undefined);
  const reset = useRef<() => void>(null);
  const readFile = (file: File | null): void => {
    // Otherwise the same file, mended, could not be chosen again.
    reset.current?.();
    if (file === null) return;
    setUnread(undefined);
    file.text().then(
      (csv) => onChange({ csv }),
      () => setUnread(`${file.name} could not be read. Choose it again, or paste the table below.`),
    );
  };
  return (
    <Stack gap="xs">
      <Group justify="space-between">
        <FileButton accept=".csv,text/csv,text/plain" onChange={readFile} resetRef={reset}>
          {(button) => (
            <Button {...button} variant="default">
              Choose a file
            </Button>
          )}
        </FileButton>
        <Anchor href={templateAddress} download="edgeflow-batch.csv" size="sm">
          Download a template
        </Anchor>
      </Group>
      {unread === undefined ? null : (
        <Text c="var(--mantine-color-error)" size="sm" role="alert">
          {unread}
        </Text>
      )}
      <Textarea
        label="Table"
        description="One device a line. The first line names the columns: name, serial, mac, tags. Codes are bound to the serial and MAC that are given."
        autosize
        minRows={5}
        maxRows={14}
        value={values.csv}
        placeholder={template}
        onChange={({ currentTarget }) => onChange({ csv: currentTarget.value })}
        styles={{ input: { fontFamily: 'monospace' } }}
        required
      />
    </Stack>
  );
}
