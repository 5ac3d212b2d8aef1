import {
  IconCards,
  IconClipboardList,
  IconDeviceDesktopAnalytics,
  IconGauge,
  type IconProps,
  IconSettings,
  IconTicket,
} from '@tabler/icons-react';
import type { ComponentType } from 'react';

export interface NavigationEntry {
  readonly to: string;
  readonly label: string;
  readonly icon: ComponentType<IconProps>;
}

/** Every entry there will be, in its order; only those whose page exists are shown. */
export const navigation: readonly NavigationEntry[] = [
  { to: '/overview', label: 'Overview', icon: IconGauge },
  { to: '/devices', label: 'Devices', icon: IconDeviceDesktopAnalytics },
  { to: '/codes', label: 'Codes', icon: IconTicket },
  { to: '/batches', label: 'Batches', icon: IconCards },
  { to: '/audit-log', label: 'Audit log', icon: IconClipboardList },
  { to: '/settings', label: 'Settings', icon: IconSettings },
];

/** The prominent action. */
export const addDeviceAddress = '/devices/add';
/** Where people change what is their own. */
export const accountAddress = '/account';
