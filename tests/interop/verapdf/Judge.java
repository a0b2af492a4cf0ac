import java.io.FileInputStream;
import java.util.TreeSet;
import org.verapdf.gf.foundry.VeraGreenfieldFoundryProvider;
import org.verapdf.pdfa.Foundries;
import org.verapdf.pdfa.flavours.PDFAFlavour;
import org.verapdf.pdfa.results.TestAssertion;

/** Prints for each FILE the rules of FLAVOUR that it breaks, on one line: java Judge.java FLAVOUR FILE... */
public class Judge {
    public static void main(String[] arguments) throws Exception {
        VeraGreenfieldFoundryProvider.initialise();
        PDFAFlavour flavour = PDFAFlavour.fromString(arguments[0]);
        for (int index = 1; index < arguments.length; index++) {
            try (var file = new FileInputStream(arguments[index]);
                    var parser = Foundries.defaultInstance().createParser(file, flavour);
                    var validator = Foundries.defaultInstance().createValidator(flavour, false)) {
                var broken = new TreeSet<String>();
                for (TestAssertion assertion : validator.validate(parser).getTestAssertions()) {
                    if (assertion.getStatus() == TestAssertion.Status.FAILED) {
                        var rule = assertion.getRuleId();
                        broken.add(rule.getClause() + "-" + rule.getTestNumber() + " " + assertion.getMessage());
                    }
                }
                System.out.println("broken " + broken.size() + ": " + String.join("; ", broken).replace('\n', ' '));
            }
        }
    }
}
