// What any JDBC client does with the Flight SQL door: sign in, list tables, read columns, ask with a parameter.
//
// Arguments: address, login, secret, table, key. Prints one line for each thing it was told, `name=value`; the test beside
// it compares. Run from its source: java -cp DRIVER.jar Jdbc.java …

import java.sql.Connection;
import java.sql.DriverManager;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import java.util.TreeSet;

public final class Jdbc {
    public static void main(String[] given) throws Exception {
        String url = "jdbc:arrow-flight-sql://" + given[0] + "?useEncryption=false";
        String table = given[3];
        try (Connection connection = DriverManager.getConnection(url, who(given[1], given[2]))) {
            TreeSet<String> tables = new TreeSet<>();
            try (ResultSet all = connection.getMetaData().getTables(null, null, "%", null)) {
                while (all.next()) {
                    tables.add(all.getString("TABLE_NAME"));
                }
            }
            tell("tables", String.join(",", tables));
            List<String> columns = new ArrayList<>();
            try (ResultSet all = connection.getMetaData().getColumns(null, null, table, "%")) {
                while (all.next()) {
                    columns.add(all.getString("COLUMN_NAME"));
                }
            }
            tell("columns", String.join(",", columns));
            String one = "select person_no, name from " + table + " where person_no = ?";
            try (PreparedStatement asked = connection.prepareStatement(one)) {
                // Twice: a prepared statement is asked again with another value.
                for (String key : new String[] {"nobody", given[4]}) {
                    asked.setString(1, key);
                    try (ResultSet rows = asked.executeQuery()) {
                        while (rows.next()) {
                            tell("row", rows.getString(1) + "|" + rows.getString("name"));
                        }
                    }
                }
            }
            try (Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery("select count(*) as n from " + table)) {
                rows.next();
                tell("count", String.valueOf(rows.getLong("n")));
            }
            try (Statement statement = connection.createStatement()) {
                statement.execute("delete from " + table);
                tell("write", "done");
            } catch (SQLException refused) {
                tell("write", "refused");
            }
        }
        try (Connection connection = DriverManager.getConnection(url, who(given[1], "wrong"));
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select name from " + table)) {
            rows.next();
            tell("stranger", "let in");
        } catch (SQLException refused) {
            tell("stranger", "refused");
        }
        System.out.flush();
        // The driver's threads are its own; nobody waits for them.
        System.exit(0);
    }

    private static Properties who(String login, String secret) {
        Properties who = new Properties();
        who.setProperty("user", login);
        who.setProperty("password", secret);
        return who;
    }

    private static void tell(String name, String value) throws Exception {
        byte[] line = (name + "=" + value + "\n").getBytes(java.nio.charset.StandardCharsets.UTF_8);
        System.out.write(line);
    }
}
