import { Button, Menu, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconCheck, IconChevronDown } from '@tabler/icons-react';
import { useMutation, useQueryClient } from '@tanstack/react-query';
import { type ReactNode, useState } from 'react';
import { client, type Schema } from '../api/client.ts';
import { describeFailure } from '../api/problem.ts';
import { ConfirmDialog } from '../components/confirm-dialog.tsx';
import { isSomethingHeld } from '../components/leave-guard.tsx';
import { tellOtherTabs } from '../session/organization.ts';
import { sessionQuery, useSession } from '../session/use-session.ts';
import { menuInLandmark } from './menus.ts';
import classes from './shell.module.css';

type Membership = Schema<'Session'>['organizations'][number];

/** The organization in which everything on the page is; for whoever belongs to several, the way to another. */
export function OrganizationSwitch(): ReactNode {
  const { organization, organizations, principal } = useSession();
  if (principal.kind !== 'user' || organizations.length < 2) {
    return (
      <Text c="dimmed" truncate className={classes['organization']} title={organization.name}>
        {organization.name}
      </Text>
    );
  }
  return <Choice current={organization} organizations={organizations} />;
}

function Choice(props: {
  readonly current: Schema<'Session'>['organization'];
  readonly organizations: readonly Membership[];
}): ReactNode {
  const { current, organizations } = props;
  const enter = useEntering();
  const [wanted, setWanted] = useState<Membership | undefined>(undefined);
  const choose = (id: string): void => {
    if (id === current.id) return;
    if (isSomethingHeld()) setWanted(organizations.find((one) => one.id === id));
    else enter.mutate(id);
  };
  return (
    <>
      <Menu position="bottom-start" width={260} {...menuInLandmark}>
        <Menu.Target>
          <Button
            variant="subtle"
            color="gray"
            size="compact-md"
            className={classes['switch'] ?? ''}
            rightSection={<IconChevronDown size={16} aria-hidden />}
            loading={enter.isPending}
            aria-label={`Organization: ${current.name}`}
          >
            {current.name}
          </Button>
        </Menu.Target>
        <Menu.Dropdown className={classes['organizations'] ?? ''}>
          <Menu.Label>Organization</Menu.Label>
          <Menu.RadioGroup value={current.id} onChange={choose}>
            {organizations.map(({ id, name, role }) => (
              <Menu.RadioItem
                key={id}
                value={id}
                closeMenuOnClick
                checkIcon={<IconCheck size={16} aria-hidden />}
              >
                <Text className={classes['wrapped']}>{name}</Text>
                <Text size="xs">{role}</Text>
              </Menu.RadioItem>
            ))}
          </Menu.RadioGroup>
        </Menu.Dropdown>
      </Menu>
      <ConfirmDialog
        opened={wanted !== undefined}
        onClose={() => setWanted(undefined)}
        title={`Leave this page for ${wanted?.name ?? ''}?`}
        confirm="Leave"
        onConfirm={async () => {
          if (wanted !== undefined) await enter.mutateAsync(wanted.id);
        }}
      >
        Something on it is not saved, or is shown this once. It will be gone.
      </ConfirmDialog>
    </>
  );
}

/** Goes on in another organization, in every tab. */
function useEntering() {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async (id: string) => {
      // An answer that is on its way is of the organization that is left: it must not come after this one's.
      await queries.cancelQueries({ queryKey: sessionQuery.queryKey });
      const { data } = await client.PUT('/api/v1/session', { body: { organization_id: id } });
      return data;
    },
    onSuccess: async (session) => {
      await queries.cancelQueries({ queryKey: sessionQuery.queryKey });
      queries.setQueryData(sessionQuery.queryKey, session);
      tellOtherTabs();
    },
    onError: (error) => {
      const { next_step: nextStep, title } = describeFailure(error);
      notifications.show({ color: 'red', title, message: nextStep });
      // Most likely the person belongs to it no more.
      void queries.invalidateQueries({ queryKey: sessionQuery.queryKey });
    },
  });
}
