import { Anchor, type AnchorProps } from '@mantine/core';
import { createLink } from '@tanstack/react-router';
import type { AnchorHTMLAttributes, ReactNode, Ref } from 'react';

interface TextProps extends Omit<AnchorHTMLAttributes<HTMLAnchorElement>, keyof AnchorProps>, AnchorProps {
  readonly ref?: Ref<HTMLAnchorElement>;
}

function Text(props: TextProps): ReactNode {
  return <Anchor component="a" {...props} />;
}

/** A link within a text to another page of the dashboard. Its address and search are checked against the routes. */
export const TextLink = createLink(Text);
