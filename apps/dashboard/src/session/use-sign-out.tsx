import { notifications } from '@mantine/notifications';
import { useMutation } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { type ReactNode, useState } from 'react';
import { client } from '../api/client.ts';
import { describeFailure } from '../api/problem.ts';
import { ConfirmDialog } from '../components/confirm-dialog.tsx';
import { isSomethingHeld } from '../components/leave-guard.tsx';
import { tellOtherTabs } from './organization.ts';

export interface SignOut {
  readonly signOut: () => void;
  readonly isPending: boolean;
  /** To be drawn where it stays, whatever becomes of what was pressed. */
  readonly question: ReactNode;
}

/**
 * Ends the session of this browser, in every tab; asks before, if the page keeps something that would be lost. The page
 * of the sign-in forgets what was shown under it.
 */
export function useSignOut(): SignOut {
  const navigate = useNavigate();
  const [asking, setAsking] = useState(false);
  const { isPending, mutateAsync } = useMutation({
    mutationFn: () => client.DELETE('/api/v1/session'),
    onSuccess: async () => {
      tellOtherTabs();
      await navigate({ to: '/sign-in', ignoreBlocker: true });
    },
  });
  const end = (): void => {
    mutateAsync().catch((error: unknown) => {
      const { next_step: nextStep, title } = describeFailure(error);
      notifications.show({ color: 'red', title: `You are still signed in: ${title}`, message: nextStep });
    });
  };
  return {
    isPending,
    signOut: () => (isSomethingHeld() ? setAsking(true) : end()),
    question: (
      <ConfirmDialog
        opened={asking}
        onClose={() => setAsking(false)}
        title="Sign out without it?"
        confirm="Sign out"
        onConfirm={mutateAsync}
      >
        Something on this page is not saved, or is shown this once. It will be gone.
      </ConfirmDialog>
    ),
  };
}
