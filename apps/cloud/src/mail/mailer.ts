import { createTransport } from 'nodemailer';

/** One message of text. */
export interface Message {
  readonly to: string;
  readonly subject: string;
  readonly text: string;
}

/** Sends e-mail. Rejects when the server did not take the message; whoever calls it in the background logs that. */
export interface Mailer {
  send(message: Message): Promise<void>;
}

/** A server that is silent for longer gets no message. */
const timeoutMs = 20_000;

/**
 * Sends by SMTP (RFC 5321): `smtp://` with STARTTLS where the server offers it, `smtps://` with TLS from the start.
 *
 * @param url with name and password; in no error, log or message
 */
export function smtpMailer(url: string, from: string): Mailer {
  const transport = createTransport(url, {
    from,
    // What comes from a person must not make the server read a file or fetch an address.
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  return {
    send: async ({ subject, text, to }) => {
      await transport.sendMail({ to: { name: '', address: to }, subject, text });
    },
  };
}

/** The same URL with bounds on how long a server may take. */
export function withTimeouts(url: string): string {
  const bounded = new URL(url);
  for (const name of ['connectionTimeout', 'greetingTimeout', 'socketTimeout']) {
    if (!bounded.searchParams.has(name)) bounded.searchParams.set(name, String(timeoutMs));
  }
  return bounded.href;
}
