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

interface NavigationEntry {
  readonly to: string;
  readonly label: string;
  readonly icon: ComponentType<IconProps>;
}

/** In the order in which they are shown. `/` leads to the first. */
export const navigation = [
  { to: '/overview', label: 'Overview', icon: IconGauge },
  { to: '/devices', label: 'Devices', icon: IconDeviceDesktopAnalytics },
  { to: '/codes', label: 'Codes', icon: IconTicket },
  { to: '/batches', label: 'Batches', icon: IconCards },
  { to: '/audit-log', label: 'Audit log', icon: IconClipboardList },
  { to: '/settings', label: 'Settings', icon: IconSettings },
] as const satisfies readonly NavigationEntry[];

/** The prominent action. */
export const addDeviceAddress = '/devices/add';
