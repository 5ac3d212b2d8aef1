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

function OrganizationForm({ organization }: { readonly organization: Schema<'Organization'> }): ReactNode {
  const mayChange = useMay('admin');
  const queries = useQueryClient();
  const [name, setName] = useState(organization.name);
  const [policy, setPolicy] = useState(organization.clone_policy);
  const [groups, setGroups] = useState(organization.code_groups);
  const [hours, setHours] = useState<number | string>(
    organization.code_ttl_seconds === null ? '' : organization.code_ttl_seconds / hourSeconds,
  );
  const save = api.useMutation('put', '/api/v1/organization', {
    onSuccess: async () => {
      await queries.invalidateQueries({ queryKey: organizationKey });
      await queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
  });
  const problems = fieldProblems(save.error);
  return (
    <form
      onSubmit={(submit) => {
        submit.preventDefault();
        const ttl = hours === '' ? null : Math.round(Number(hours) * hourSeconds);
        save.mutate({ body: { name, clone_policy: policy, code_groups: groups, code_ttl_seconds: ttl } });
      }}
    >
      <Stack maw={560} gap="lg">
        {mayChange ? null : <Text c="dimmed">Administrators change what is here.</Text>}
        <TextInput
          label="Name"
          value={name}
          onChange={(typed) => setName(typed.currentTarget.value)}
          error={problems['name']}
          disabled={!mayChange}
          required
        />
        <Select
          label="Length of codes"
          description="Longer codes are harder to type, and cannot be guessed however many are live."
          data={groupChoices}
          value={groups === null ? 'auto' : String(groups)}
          onChange={(chosen) => setGroups(chosen === null || chosen === 'auto' ? null : Number(chosen))}
          error={problems['code_groups']}
          disabled={!mayChange}
          allowDeselect={false}
        />
        <NumberInput
          label="Codes are valid for (hours)"
          description="Where a code is made without saying; left empty, what the cloud is set to."
          value={hours}
          onChange={setHours}
          min={1}
          max={8784}
          allowDecimal={false}
          error={problems['code_ttl_seconds']}
          disabled={!mayChange}
          hideControls
        />
        <ClonePolicy value={policy} onChange={setPolicy} disabled={!mayChange} />
        <ProblemAlert error={save.error} />
        <Saved shown={save.isSuccess} />
        {mayChange ? (
          <Group>
            <Button type="submit" loading={save.isPending}>
              Save
            </Button>
          </Group>
        ) : null}
      </Stack>
    </form>
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
