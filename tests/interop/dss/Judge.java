import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.pades.validation.PDFDocumentValidator;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import eu.europa.esig.dss.validation.SignedDocumentValidator;
import java.io.File;
import java.util.ArrayList;

/**
 * Prints for each FILE its signatures as EU DSS judges them by its own default policy, on one line:
 * java Judge.java ROOT.pem FILE[=PASSWORD]...
 * A signature is "INDICATION SUB-INDICATION FORMAT ERRORS". Where a file holds no revocation data, the authority is asked.
 */
public class Judge {
    public static void main(String[] arguments) {
        var anchors = new CommonTrustedCertificateSource();
        anchors.addCertificate(DSSUtils.loadCertificate(new File(arguments[0])));
        for (int index = 1; index < arguments.length; index++) {
            String[] parts = arguments[index].split("=", 2);
            var said = new ArrayList<String>();
            try {
                var verifier = new CommonCertificateVerifier();
                verifier.setTrustedCertSources(anchors);
                verifier.setOcspSource(new OnlineOCSPSource());
                verifier.setCrlSource(new OnlineCRLSource());
                var validator = SignedDocumentValidator.fromDocument(new FileDocument(parts[0]));
                validator.setCertificateVerifier(verifier);
                if (parts.length > 1) {
                    ((PDFDocumentValidator) validator).setPasswordProtection(parts[1].toCharArray());
                }
                var report = validator.validateDocument().getSimpleReport();
                for (String id : report.getSignatureIdList()) {
                    var errors = report.getAdESValidationErrors(id).stream().map(error -> error.getValue()).toList();
                    said.add(report.getIndication(id) + " " + report.getSubIndication(id) + " "
                            + report.getSignatureFormat(id) + " " + errors);
                }
            } catch (Exception error) { // a file that cannot be judged is a verdict too
                said.add(error.toString());
            }
            System.out.println("judged " + String.join("; ", said).replace('\n', ' '));
        }
    }
}
