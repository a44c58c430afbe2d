import java.io.*;
import java.nio.charset.StandardCharsets;
import java.util.*;
import org.apache.velocity.VelocityContext;
import org.apache.velocity.app.VelocityEngine;
import org.apache.velocity.app.event.EventCartridge;
import org.apache.velocity.app.event.InvalidReferenceEventHandler;
import org.apache.velocity.app.event.ReferenceInsertionEventHandler;
import org.apache.velocity.context.Context;
import org.apache.velocity.runtime.RuntimeConstants;
import org.apache.velocity.util.introspection.Info;

/**
 * Renders templates with Apache Velocity 1.7 for the differential run: a line in is a template, a blank and a body,
 * each in base64; a line out is the text in base64, or an exclamation mark and the error's.
 *
 * An undefined reference is an empty string, as recorded on API Gateway; everything else is Velocity's own.
 */
public final class Velocity {
    /** What API Gateway was recorded to do with what is undefined. */
    public static final class Empty implements InvalidReferenceEventHandler, ReferenceInsertionEventHandler {
        public Object referenceInsert(String reference, Object value) {
            return value == null ? "" : value;
        }

        public Object invalidGetMethod(Context context, String reference, Object object, String property, Info info) {
            return "";
        }

        public boolean invalidSetMethod(Context context, String left, String right, Info info) {
            return false;
        }

        public Object invalidMethod(Context context, String reference, Object object, String method, Info info) {
            return "";
        }
    }

    /** The message. */
    public static final class Input {
        private final Object root;

        Input(Object root) {
            this.root = root;
        }

        public Object path(String path) {
            Object value = root;
            for (String name : path.split("\\.")) {
                if (!name.equals("$")) {
                    value = value instanceof Map ? ((Map<?, ?>) value).get(name) : null;
                }
            }
            return value;
        }

        public String json(String path) {
            return Json.text(path(path));
        }
    }

    public static void main(String[] arguments) throws Exception {
        VelocityEngine engine = new VelocityEngine();
        engine.setProperty(RuntimeConstants.RUNTIME_LOG_LOGSYSTEM_CLASS,
            "org.apache.velocity.runtime.log.NullLogChute");
        engine.setProperty(RuntimeConstants.VM_LIBRARY, "");
        engine.init();
        EventCartridge handlers = new EventCartridge();
        handlers.addEventHandler(new Empty());
        BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.US_ASCII));
        PrintStream out = new PrintStream(new FileOutputStream(FileDescriptor.out), false, "US-ASCII");
        for (String line = in.readLine(); line != null; line = in.readLine()) {
            String[] fields = line.split(" ", -1);
            VelocityContext context = new VelocityContext();
            String answer;
            try {
                handlers.attachToContext(context);
                context.put("input", new Input(new Json(decoded(fields[1])).value()));
                StringWriter text = new StringWriter();
                engine.evaluate(context, text, "template", decoded(fields[0]));
                answer = encoded(text.toString());
            } catch (Exception | StackOverflowError error) {
                answer = "!" + encoded(String.valueOf(error));
            }
            out.println(answer);
        }
        out.flush();
    }

    private static String decoded(String text) {
        return new String(Base64.getDecoder().decode(text), StandardCharsets.UTF_8);
    }

    private static String encoded(String text) {
        return Base64.getEncoder().encodeToString(text.getBytes(StandardCharsets.UTF_8));
    }

    /** Just enough JSON for the bodies of the run, which are valid and hold no escapes. */
    static final class Json {
        private final String text;
        private int at;

        Json(String text) {
            this.text = text;
        }

        Object value() {
            skip();
            char first = text.charAt(at);
            if (first == '{') {
                Map<String, Object> map = new LinkedHashMap<>();
                at++;
                while (next('}')) {
                    String name = (String) value();
                    skip();
                    at++;
                    map.put(name, value());
                }
                return map;
            }
            if (first == '[') {
                List<Object> list = new Array();
                at++;
                while (next(']')) {
                    list.add(value());
                }
                return list;
            }
            if (first == '"') {
                int end = text.indexOf('"', at + 1);
                String string = text.substring(at + 1, end);
                at = end + 1;
                return string;
            }
            int end = at;
            while (end < text.length() && ",]} \n".indexOf(text.charAt(end)) < 0) {
                end++;
            }
            String word = text.substring(at, end);
            at = end;
            switch (word) {
                case "null": return null;
                case "true": return true;
                case "false": return false;
                default:
            }
            if (word.contains(".") || word.contains("e")) {
                return Double.valueOf(word);
            }
            long number = Long.parseLong(word);
            if (number == (int) number) {
                return (int) number;
            }
            return number;
        }

        /** Takes a comma, or the end; whether an element follows. */
        private boolean next(char end) {
            skip();
            if (text.charAt(at) == ',') {
                at++;
                skip();
            }
            if (text.charAt(at) == end) {
                at++;
                return false;
            }
            return true;
        }

        private void skip() {
            while (at < text.length() && text.charAt(at) <= ' ') {
                at++;
            }
        }

        static String text(Object value) {
            StringBuilder text = new StringBuilder();
            if (value instanceof Map) {
                ((Map<?, ?>) value).forEach((name, member) ->
                    text.append(text.length() == 0 ? "" : ",").append(quoted(name)).append(':').append(text(member)));
                return "{" + text + "}";
            }
            if (value instanceof Collection) {
                ((Collection<?>) value).forEach(item -> text.append(text.length() == 0 ? "" : ",").append(text(item)));
                return "[" + text + "]";
            }
            return value == null || value instanceof Number || value instanceof Boolean
                ? String.valueOf(value) : quoted(value);
        }

        private static String quoted(Object value) {
            StringBuilder text = new StringBuilder("\"");
            for (char character : String.valueOf(value).toCharArray()) {
                switch (character) {
                    case '"': text.append("\\\""); break;
                    case '\\': text.append("\\\\"); break;
                    case '\n': text.append("\\n"); break;
                    case '\r': text.append("\\r"); break;
                    case '\t': text.append("\\t"); break;
                    default: text.append(character);
                }
            }
            return text.append('"').toString();
        }
    }

    /** An array from JSON, which prints as JSON. */
    static final class Array extends ArrayList<Object> {
        @Override
        public String toString() {
            return Json.text(this);
        }
    }
}
