import { Button, Group, NumberInput, Radio, Select, Skeleton, Stack, Text, TextInput } from '@mantine/core';
import { useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { api, type Schema } from '../../api/client.ts';
import { fieldProblems } from '../../api/problem.ts';
import { Page } from '../../components/page.tsx';
import { ProblemAlert } from '../../components/problem-alert.tsx';
import { sessionQuery, useMay } from '../../session/use-session.ts';
import { Saved } from '../account/section.tsx';

const organizationKey = ['get', '/api/v1/organization'];
const hourSeconds = 3600;
const groupChoices = [
  { value: 'auto', label: 'Automatic: two groups while few codes are live, else three' },
  ...[2, 3, 4, 5, 6].map((groups) => ({ value: String(groups), label: `${String(groups)} groups of four` })),
];

export function OrganizationPage(): ReactNode {
  const organization = api.useQuery('get', '/api/v1/organization');
  return (
    <Page
      title="Organization"
      description="Its name, what its codes look like, and what happens to copies of devices."
    >
      <ProblemAlert error={organization.error} onRetry={() => void organization.refetch()} />
      {organization.data === undefined ? (
        organization.isPending && <Skeleton height={320} />
      ) : (
        <OrganizationForm organization={organization.data} />
      )}
    </Page>
  );
}

type Organization = Schema<'Organization'>;
type Change = Schema<'UpdateOrganizationRequest'>;

/** What was touched and is not so already. */
function changeOf(organization: Organization, touched: Change): Change {
  const now: Readonly<Record<string, unknown>> = { ...organization };
  return Object.fromEntries(Object.entries(touched).filter(([member, value]) => now[member] !== value));
}

/** Without what stands in `sent` too, as it does there. */
function without(touched: Change, sent: Change): Change {
  const was: Readonly<Record<string, unknown>> = { ...sent };
  return Object.fromEntries(Object.entries(touched).filter(([member, value]) => was[member] !== value));
}

/**
 * Only what somebody has touched is of the form. The rest is shown as it is now and is not written: another administrator
 * may have changed it since.
 */
function OrganizationForm({ organization }: { readonly organization: Organization }): ReactNode {
  const mayChange = useMay('admin');
  const queries = useQueryClient();
  const [touched, setTouched] = useState<Change>({});
  const touch = (more: Change): void =>
    setTouched((before) => changeOf(organization, { ...before, ...more }));
  const change = changeOf(organization, touched);
  const hasChange = Object.keys(change).length > 0;
  const save = api.useMutation('put', '/api/v1/organization', {
    onSuccess: async (saved, { body }) => {
      queries.setQueryData(organizationKey, saved);
      // What was typed meanwhile stays; what was sent is as the cloud has taken it.
      setTouched((now) => changeOf(saved, without(now, body)));
      await queries.invalidateQueries({ queryKey: organizationKey });
      await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
  });
  const problems = fieldProblems(save.error);
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        if (hasChange && !save.isPending) save.mutate({ body: change });
      }}
    >
      <Stack maw={560} gap="lg">
        {mayChange ? null : <Text c="dimmed">Administrators change what is here.</Text>}
        <Fields
          organization={{ ...organization, ...change }}
          touch={touch}
          problems={problems}
          disabled={!mayChange}
        />
        <ProblemAlert error={save.error} />
        <Saved shown={save.isSuccess && !hasChange} />
        {mayChange ? (
          <Group>
            <Button type="submit" loading={save.isPending} disabled={!hasChange}>
              Save
            </Button>
          </Group>
        ) : null}
      </Stack>
    </form>
  );
}

interface FieldsProps {
  /** As it is to be. */
  readonly organization: Organization;
  readonly touch: (change: Change) => void;
  readonly problems: Readonly<Record<string, string>>;
  readonly disabled: boolean;
}

function Fields({ disabled, organization, problems, touch }: FieldsProps): ReactNode {
  const { code_groups: groups, code_ttl_seconds: ttlSeconds } = organization;
  return (
    <>
      <TextInput
        label="Name"
        value={organization.name}
        onChange={(typed) => touch({ name: typed.currentTarget.value })}
        error={problems['name']}
        disabled={disabled}
        required
      />
      <Select
        label="Length of codes"
        description="Longer codes are harder to type, and cannot be guessed however many are live."
        data={groupChoices}
        value={groups === null ? 'auto' : String(groups)}
        onChange={(chosen) =>
          touch({ code_groups: chosen === null || chosen === 'auto' ? null : Number(chosen) })
        }
        error={problems['code_groups']}
        disabled={disabled}
        allowDeselect={false}
      />
      <NumberInput
        label="Codes are valid for (hours)"
        description="Where a code is made without saying; left empty, what the cloud is set to."
        value={ttlSeconds === null ? '' : ttlSeconds / hourSeconds}
        onChange={(hours) =>
          touch({ code_ttl_seconds: hours === '' ? null : Math.round(Number(hours) * hourSeconds) })
        }
        min={1}
        max={8784}
        allowDecimal={false}
        allowNegative={false}
        error={problems['code_ttl_seconds']}
        disabled={disabled}
        hideControls
      />
      <ClonePolicy
        value={organization.clone_policy}
        onChange={(policy) => touch({ clone_policy: policy })}
        disabled={disabled}
      />
    </>
  );
}

interface ClonePolicyProps {
  readonly value: Schema<'Organization'>['clone_policy'];
  readonly onChange: (policy: Schema<'Organization'>['clone_policy']) => void;
  readonly disabled: boolean;
}

function ClonePolicy({ disabled, onChange, value }: ClonePolicyProps): ReactNode {
  return (
    <Radio.Group
      label="When two devices seem to use one identity"
      value={value}
      onChange={(chosen) => onChange(chosen === 'quarantine' ? 'quarantine' : 'keep_newest')}
    >
      <Stack gap="xs" mt="xs">
        <Radio
          value="keep_newest"
          label="Keep the newest"
          description="The one that connected last stays, the others are sent away."
          disabled={disabled}
        />
        <Radio
          value="quarantine"
          label="Quarantine"
          description="All are refused until an operator decides."
          disabled={disabled}
        />
      </Stack>
    </Radio.Group>
  );
}
