// ssh2-sftp-client at the verbs of tests/clients/libraries.py.
"use strict";
const fs = require("node:fs");
const Client = require("ssh2-sftp-client");

const { SFTP_HOST: host, SFTP_PORT: port, SFTP_USER: username, SFTP_PASSWORD: password, SFTP_KEY: key } = process.env;

async function main(word, ...rest) {
  if (word === "version") {
    console.log(require("ssh2-sftp-client/package.json").version);
    return;
  }
  const sftp = new Client();
  sftp.on("error", () => {}); // told to whoever awaits the call, too
  const proof = password ? { password } : { privateKey: fs.readFileSync(key) };
  // what the server's key is checked by: the base64 of one of the lines of known_hosts
  const known = fs.readFileSync(process.env.SFTP_KNOWN_HOSTS, "utf8").split("\n").map((line) => line.split(" ")[2]);
  const hostVerifier = (shown) => known.includes(shown.toString("base64"));
  await sftp.connect({ host, port: Number(port), username, ...proof, hostVerifier, readyTimeout: 20000, retries: 0 });
  const verbs = {
    put: (local, name) => sftp.put(local, `/${name}`),
    fastput: (local, name) => sftp.fastPut(local, `/${name}`),
    resume: async (local, name) => {
      const { size } = await sftp.stat(`/${name}`);
      await sftp.append(fs.createReadStream(local, { start: size }), `/${name}`);
    },
    list: async () => console.log((await sftp.list("/")).map(({ name }) => name).join("\n")),
    get: (remote, local) => sftp.get(remote, local),
    rename: (old, name) => sftp.rename(`/${old}`, `/${name}`),
    delete: (name) => sftp.delete(`/${name}`),
  };
  await verbs[word](...rest);
  await sftp.end();
}

main(...process.argv.slice(2)).then(
  () => process.exit(0),
  (error) => {
    console.error(error.message);
    process.exit(1);
  },
);
