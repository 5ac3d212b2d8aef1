import type { ReactNode } from 'react';
import icon from '../assets/icon.svg';

export function Mark(): ReactNode {
  return <img src={icon} width={24} height={24} alt="" />;
}
