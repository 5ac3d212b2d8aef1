import { Select } from '@mantine/core';
import type { ReactNode } from 'react';
import { type Role, roles, useSession } from '../../session/use-session.ts';

/** What each role may do, in a line. */
const words: Readonly<Record<Role, string>> = {
  viewer: 'Viewer: sees everything, changes nothing',
  operator: 'Operator: devices and codes',
  admin: 'Administrator: members, tokens and settings too',
  owner: 'Owner: everything, and other owners',
};

export interface RoleSelectProps {
  readonly label: string;
  readonly value: Role;
  readonly onChange: (role: Role) => void;
}

/** Roles up to one's own: nobody gives what they do not have. */
export function RoleSelect({ label, onChange, value }: RoleSelectProps): ReactNode {
  const { role: own } = useSession();
  const offered = roles.slice(0, roles.indexOf(own) + 1);
  return (
    <Select
      label={label}
      data={offered.map((role) => ({ value: role, label: words[role] }))}
      value={value}
      onChange={(chosen) => onChange(roles.find((role) => role === chosen) ?? value)}
      allowDeselect={false}
    />
  );
}
