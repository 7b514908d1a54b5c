// JSch at the verbs of tests/clients/libraries.py.
import com.jcraft.jsch.ChannelSftp;
import com.jcraft.jsch.JSch;
import com.jcraft.jsch.Session;

public class WithJSch {
    public static void main(String[] words) throws Exception {
        JSch jsch = new JSch();
        jsch.setKnownHosts(System.getenv("SFTP_KNOWN_HOSTS"));
        Session session = jsch.getSession(
            System.getenv("SFTP_USER"), System.getenv("SFTP_HOST"), Integer.parseInt(System.getenv("SFTP_PORT")));
        session.setConfig("StrictHostKeyChecking", "yes");
        if (System.getenv("SFTP_PASSWORD") != null) {
            session.setConfig("PreferredAuthentications", "password");
            session.setPassword(System.getenv("SFTP_PASSWORD"));
        } else {
            session.setConfig("PreferredAuthentications", "publickey");
            jsch.addIdentity(System.getenv("SFTP_KEY"));
        }
        session.connect(20000);
        ChannelSftp sftp = (ChannelSftp) session.openChannel("sftp");
        sftp.connect(20000);
        run(sftp, words);
        sftp.exit();
        session.disconnect();
    }

    private static void run(ChannelSftp sftp, String[] words) throws Exception {
        switch (words[0]) {
            case "put" -> sftp.put(words[1], "/" + words[2], ChannelSftp.OVERWRITE);
            case "resume" -> sftp.put(words[1], "/" + words[2], ChannelSftp.RESUME);
            case "get" -> sftp.get(words[1], words[2]);
            case "rename" -> sftp.rename("/" + words[1], "/" + words[2]);
            case "delete" -> sftp.rm("/" + words[1]);
            case "list" -> {
                for (Object entry : sftp.ls("/")) {
                    System.out.println(((ChannelSftp.LsEntry) entry).getFilename());
                }
            }
            default -> throw new IllegalArgumentException(words[0]);
        }
    }
}
