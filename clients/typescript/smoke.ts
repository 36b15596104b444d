// Uses the service as a program in TypeScript would: over TLS with a token, taking errors apart, and making
// calls again by the service config that is published while the server is ended and started.
//
//     node out/smoke.js BINARY FOLDER
//
// FOLDER has `ballast.toml` with the token of the environment variable BALLAST_TOKEN, and `tls.crt`.

import { type ChildProcess, spawn } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { isDeepStrictEqual } from "node:util";

import {
  CallCredentials,
  type ChannelCredentials,
  type ClientOptions,
  Metadata,
  type ServiceError,
  credentials,
  status,
} from "@grpc/grpc-js";

import { Account } from "./gen/ballast/v1/account";
import {
  AccountServiceClient,
  CreateAccountRequest,
  ListAccountsRequest,
  type ListAccountsResponse,
} from "./gen/ballast/v1/account_service";
import { Document, DocumentKind } from "./gen/ballast/v1/document";
import {
  GetAgingRequest,
  type GetAgingResponse,
  PostDocumentsRequest,
  type PostDocumentsResponse,
  ReceivableServiceClient,
} from "./gen/ballast/v1/receivable_service";
import { BadRequest, ErrorInfo } from "./gen/google/rpc/error_details";
import { Status } from "./gen/google/rpc/status";

const CALL_MILLISECONDS = 20_000;
const ENDS = 4;
const CALLERS = 4;
/** The name in the server's certificate: an address is none. */
const NAMED: ClientOptions = { "grpc.ssl_target_name_override": "localhost" };

// ---- Values ------------------------------------------------------------------------------------

/** Today in UTC, which is the server's time zone here. */
function today() {
  const now = new Date();
  return { year: now.getUTCFullYear(), month: now.getUTCMonth() + 1, day: now.getUTCDate() };
}

function dollars(units: bigint, nanos = 0) {
  return { currencyCode: "USD", units, nanos };
}

function invoice(documentNo: string, payer: string, gross = dollars(1n)): Document {
  return Document.fromPartial({
    key: { sourceSystem: "ERP", documentNo },
    kind: DocumentKind.DOCUMENT_KIND_INVOICE,
    payer,
    documentDate: today(),
    gross,
  });
}

// ---- Checks ------------------------------------------------------------------------------------

function check(what: string, got: unknown, want: unknown): void {
  if (!isDeepStrictEqual(got, want)) {
    throw new Error(`${what}: wanted ${show(want)}, got ${show(got)}`);
  }
}

function show(value: unknown): string {
  return JSON.stringify(value, (_, one) => (typeof one === "bigint" ? `${one}n` : one));
}

/** A refusal, taken apart. */
interface Refused {
  code: status;
  reason: string;
  metadata: { [key: string]: string };
  /** Paths of fields, each with its reason. */
  violations: string[];
}

function takenApart(error: ServiceError): Refused {
  const [details] = error.metadata.get("grpc-status-details-bin");
  if (!(details instanceof Buffer)) {
    throw new Error(`an error without details: ${error.message}`);
  }
  const refused: Refused = { code: error.code, reason: "", metadata: {}, violations: [] };
  for (const { typeUrl, value } of Status.decode(details).details) {
    if (typeUrl.endsWith("/google.rpc.ErrorInfo")) {
      const info = ErrorInfo.decode(value);
      check("domain", info.domain, "ballast");
      refused.reason = info.reason;
      refused.metadata = info.metadata;
    } else if (typeUrl.endsWith("/google.rpc.BadRequest")) {
      const { fieldViolations } = BadRequest.decode(value);
      refused.violations = fieldViolations.map((one) => `${one.field} ${one.reason}`);
    }
  }
  return refused;
}

// ---- A server ----------------------------------------------------------------------------------

async function freePort(): Promise<number> {
  const listener = createServer().listen(0, "127.0.0.1");
  await once(listener, "listening");
  const address = listener.address();
  listener.close();
  await once(listener, "close");
  if (address === null || typeof address === "string") {
    throw new Error("no port");
  }
  return address.port;
}

/** `ballast serve` as a process, always on the same port. */
class Server {
  private process: ChildProcess | undefined;

  constructor(
    private readonly binary: string,
    private readonly folder: string,
    private readonly port: number,
  ) {}

  async start(): Promise<void> {
    const config = join(this.folder, "ballast.toml");
    const database = `sqlite://${join(this.folder, "typescript.db")}`;
    const options = ["--listen", `127.0.0.1:${this.port}`, "--config", config];
    const served = spawn(this.binary, ["serve", ...options, "--database-url", database], {
      env: { ...process.env, BALLAST_LOG_LEVEL: "warn", BALLAST_SERVER_SHUTDOWN_NOTICE_MS: "100" },
      stdio: ["ignore", "pipe", "inherit"],
    });
    this.process = served;
    const lines = createInterface({ input: served.stdout });
    // It says where it listens once it does; a server that ends says nothing more.
    const [line] = await Promise.race([
      once(lines, "line"),
      once(served, "exit").then(() => [""]),
    ]);
    check("the first line", String(line).startsWith("ballast listening on https://"), true);
  }

  /** Asks it to end, and waits for it. */
  async end(): Promise<void> {
    check("the status it ends with", await this.send("SIGTERM"), [0, null]);
  }

  /** Ends it in the middle of whatever it does. */
  async kill(): Promise<void> {
    await this.send("SIGKILL");
  }

  get isRunning(): boolean {
    return this.process !== undefined;
  }

  private async send(signal: NodeJS.Signals): Promise<unknown[]> {
    const served = this.process;
    if (served === undefined) {
      throw new Error("the server does not run");
    }
    this.process = undefined;
    const ended = once(served, "exit");
    served.kill(signal);
    return ended;
  }
}

// ---- Calls -------------------------------------------------------------------------------------

type Callback<T> = (error: ServiceError | null, answer: T) => void;

/**
 * One server alone is not there while it starts: calls wait for it until their deadline, and those that it was at are made
 * again, by the service config and with their `request_id`.
 */
function waiting(): Metadata {
  return new Metadata({ waitForReady: true });
}

/** A call as a promise. */
function call<T>(start: (deadline: { deadline: number }, done: Callback<T>) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    start({ deadline: Date.now() + CALL_MILLISECONDS }, (error, answer) => {
      if (error) {
        reject(error);
      } else {
        resolve(answer);
      }
    });
  });
}

async function refused(what: Promise<unknown>): Promise<Refused> {
  const error = await what.then(
    () => undefined,
    (error: ServiceError) => error,
  );
  if (error === undefined) {
    throw new Error("was to be refused, and was not");
  }
  return takenApart(error);
}

class Client {
  readonly accounts: AccountServiceClient;
  readonly receivables: ReceivableServiceClient;

  constructor(address: string, shown: ChannelCredentials, options: ClientOptions) {
    this.accounts = new AccountServiceClient(address, shown, options);
    this.receivables = new ReceivableServiceClient(address, shown, options);
  }

  post(documents: Document[]): Promise<PostDocumentsResponse> {
    const request = PostDocumentsRequest.fromPartial({ documents, requestId: randomUUID() });
    return call((options, done) => {
      this.receivables.postDocuments(request, waiting(), options, done);
    });
  }

  create(accountId: string): Promise<Account> {
    const account = Account.fromPartial({ displayName: accountId });
    const request = CreateAccountRequest.fromPartial({
      accountId,
      account,
      requestId: randomUUID(),
    });
    return call((options, done) => {
      this.accounts.createAccount(request, waiting(), options, done);
    });
  }

  get(name: string): Promise<Account> {
    return call((options, done) => {
      this.accounts.getAccount({ name }, waiting(), options, done);
    });
  }

  async names(): Promise<string[]> {
    const names: string[] = [];
    let pageToken = "";
    do {
      const request = ListAccountsRequest.fromPartial({ pageSize: 1000, pageToken });
      const page: ListAccountsResponse = await call((options, done) => {
        this.accounts.listAccounts(request, waiting(), options, done);
      });
      names.push(...page.accounts.map((account) => account.name));
      pageToken = page.nextPageToken;
    } while (pageToken !== "");
    return names;
  }

  async openDollars(): Promise<bigint> {
    const request = GetAgingRequest.fromPartial({ account: "accounts/-" });
    const aging: GetAgingResponse = await call((options, done) => {
      this.receivables.getAging(request, waiting(), options, done);
    });
    return aging.currencies.reduce((sum, one) => sum + (one.balance?.units ?? 0n), 0n);
  }

  close(): void {
    this.accounts.close();
    this.receivables.close();
  }
}

async function errorsAreTakenApart(client: Client): Promise<void> {
  const name = `accounts/nobody-${randomUUID()}`;
  const missing = await refused(client.get(name));
  check("code", missing.code, status.NOT_FOUND);
  check("reason", missing.reason, "RESOURCE_NOT_FOUND");
  check("resource", missing.metadata["resource_name"], name);

  await client.create("ts");
  const exact = invoice("1", "accounts/ts", dollars(1n, 1));
  const wrong = { ...invoice("2", "accounts/ts"), gross: { ...dollars(1n), currencyCode: "XXQ" } };
  const invalid = await refused(client.post([exact, wrong]));
  check("code", invalid.code, status.INVALID_ARGUMENT);
  check("violations", invalid.violations, [
    "documents[0].gross AMOUNT_PRECISION",
    "documents[1].gross.currency_code CURRENCY_UNKNOWN",
  ]);
  await client.post([invoice("3", "accounts/ts")]);
}

async function strangersAreRefused(address: string, authority: Buffer): Promise<void> {
  const known = new Client(address, credentials.createSsl(authority), NAMED);
  const without = await refused(known.get("accounts/nobody"));
  check("code", without.code, status.UNAUTHENTICATED);
  check("reason", without.reason, "CREDENTIALS_MISSING");
  known.close();
  const stranger = new Client(address, credentials.createSsl(), NAMED);
  const trusted = new Promise((resolve) => {
    stranger.accounts.waitForReady(Date.now() + 2_000, (error) => resolve(error === undefined));
  });
  check("a server of an unknown authority is trusted", await trusted, false);
  stranger.close();
}

/** Everybody writes and reads while the server is ended, or killed, and started; no call may fail. */
async function callsAreMadeAgain(client: Client, server: Server): Promise<number> {
  const before = await client.names();
  const [made, failed]: [string[], string[]] = [[], []];
  let over = false;
  const callers = Array.from({ length: CALLERS }, async () => {
    while (!over) {
      const id = `a-${randomUUID()}`;
      try {
        const { name } = await client.create(id);
        await client.post([invoice(id, name)]);
        await client.get(name);
        made.push(name);
      } catch (error) {
        failed.push(String(error));
      }
    }
  });
  for (let end = 0; end < ENDS; end += 1) {
    await new Promise((resolve) => setTimeout(resolve, 1_000));
    await (end % 2 === 0 ? server.end() : server.kill());
    await server.start();
  }
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  over = true;
  await Promise.all(callers);
  check("calls that failed", failed, []);
  check("accounts", new Set(await client.names()), new Set([...before, ...made]));
  check("what is open", await client.openDollars(), BigInt(made.length + 1));
  if (made.length < 10 * ENDS) {
    throw new Error(`only ${made.length} accounts: the load was none`);
  }
  return made.length;
}

async function main(binary: string, folder: string): Promise<void> {
  const authority = readFileSync(join(folder, "tls.crt"));
  const token = process.env["BALLAST_TOKEN"] ?? "";
  const bearer = CallCredentials.createFromMetadataGenerator((_, done) => {
    const metadata = new Metadata();
    metadata.set("authorization", `Bearer ${token}`);
    done(null, metadata);
  });
  const port = await freePort();
  const address = `127.0.0.1:${port}`;
  const server = new Server(binary, folder, port);
  await server.start();
  try {
    const config = join(__dirname, "..", "..", "service_config.json");
    const client = new Client(
      address,
      credentials.combineChannelCredentials(credentials.createSsl(authority), bearer),
      {
        "grpc.service_config": readFileSync(process.env["SERVICE_CONFIG"] ?? config, "utf8"),
        ...NAMED,
        // As soon as the server is back it is used again.
        "grpc.initial_reconnect_backoff_ms": 100,
        "grpc.max_reconnect_backoff_ms": 200,
      },
    );
    await strangersAreRefused(address, authority);
    await errorsAreTakenApart(client);
    const made = await callsAreMadeAgain(client, server);
    client.close();
    console.log(`smoke.ts: ok: ${ENDS} ends, ${3 * made} calls, none failed`);
  } finally {
    if (server.isRunning) {
      await server.end();
    }
  }
}

const [binary, folder] = process.argv.slice(2);
if (binary === undefined || folder === undefined) {
  console.error("usage: smoke.js BINARY FOLDER");
  process.exit(2);
}
main(binary, folder).catch((error: unknown) => {
  console.error("smoke.ts: FAILED:", error);
  process.exit(1);
});
