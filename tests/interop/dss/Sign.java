import eu.europa.esig.dss.enumerations.DigestAlgorithm;
import eu.europa.esig.dss.enumerations.EncryptionAlgorithm;
import eu.europa.esig.dss.enumerations.SignatureLevel;
import eu.europa.esig.dss.model.FileDocument;
import eu.europa.esig.dss.model.SignatureValue;
import eu.europa.esig.dss.pades.PAdESSignatureParameters;
import eu.europa.esig.dss.pades.signature.PAdESService;
import eu.europa.esig.dss.service.crl.OnlineCRLSource;
import eu.europa.esig.dss.service.ocsp.OnlineOCSPSource;
import eu.europa.esig.dss.service.tsp.OnlineTSPSource;
import eu.europa.esig.dss.spi.DSSSecurityProvider;
import eu.europa.esig.dss.spi.DSSUtils;
import eu.europa.esig.dss.spi.validation.CommonCertificateVerifier;
import eu.europa.esig.dss.spi.x509.CommonTrustedCertificateSource;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.Signature;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;

/**
 * Signs PAPER with EU DSS, each algorithm at each level: java Sign.java ADDRESS FOLDER PAPER
 * FOLDER is that of authority.py. Writes FOLDER/dss-NAME-LEVEL.pdf and prints "signed NAME LEVEL PATH" for each.
 */
public class Sign {
    record Case(String name, DigestAlgorithm digest, boolean pss) {}

    static final Case[] CASES = {
        new Case("rsa-2048", DigestAlgorithm.SHA256, false),
        new Case("rsa-3072", DigestAlgorithm.SHA384, true),
        new Case("rsa-4096", DigestAlgorithm.SHA512, true),
        new Case("p-256", DigestAlgorithm.SHA256, false),
        new Case("p-384", DigestAlgorithm.SHA384, false),
    };
    static final SignatureLevel[] LEVELS = {
        SignatureLevel.PAdES_BASELINE_B,
        SignatureLevel.PAdES_BASELINE_T,
        SignatureLevel.PAdES_BASELINE_LT,
        SignatureLevel.PAdES_BASELINE_LTA,
    };

    public static void main(String[] arguments) throws Exception {
        Path folder = Path.of(arguments[1]);
        var anchors = new CommonTrustedCertificateSource();
        anchors.addCertificate(DSSUtils.loadCertificate(folder.resolve("root.pem").toFile()));
        var verifier = new CommonCertificateVerifier();
        verifier.setTrustedCertSources(anchors);
        verifier.setOcspSource(new OnlineOCSPSource());
        verifier.setCrlSource(new OnlineCRLSource());
        var service = new PAdESService(verifier);
        service.setTspSource(new OnlineTSPSource(arguments[0] + "/interop/tsa/tsa"));
        for (Case one : CASES) {
            for (SignatureLevel level : LEVELS) {
                sign(service, one, level, folder, new FileDocument(arguments[2]));
            }
        }
    }

    static void sign(PAdESService service, Case one, SignatureLevel level, Path folder, FileDocument paper)
            throws Exception {
        var certificate = DSSUtils.loadCertificate(folder.resolve(one.name + ".pem").toFile());
        var issuing = DSSUtils.loadCertificate(folder.resolve("issuing.pem").toFile());
        var parameters = new PAdESSignatureParameters();
        parameters.setSignatureLevel(level);
        parameters.setDigestAlgorithm(one.digest);
        parameters.setSigningCertificate(certificate);
        parameters.setCertificateChain(certificate, issuing);
        if (one.pss) {
            parameters.setEncryptionAlgorithm(EncryptionAlgorithm.RSASSA_PSS);
        }
        var algorithm = parameters.getSignatureAlgorithm();
        var signature = Signature.getInstance(algorithm.getJCEId(), DSSSecurityProvider.getSecurityProvider());
        String pem = Files.readString(folder.resolve("keys/" + one.name + ".pem"));
        byte[] pkcs8 = Base64.getMimeDecoder().decode(pem.replaceAll("-----.*-----", ""));
        var keys = KeyFactory.getInstance(one.name.startsWith("rsa") ? "RSA" : "EC");
        signature.initSign(keys.generatePrivate(new PKCS8EncodedKeySpec(pkcs8)));
        signature.update(service.getDataToSign(paper, parameters).getBytes());
        var value = new SignatureValue(algorithm, signature.sign());
        String name = level.name().replace("PAdES_BASELINE_", "B-");
        Path path = folder.resolve("dss-" + one.name + "-" + name + ".pdf");
        service.signDocument(paper, parameters, value).save(path.toString());
        System.out.println("signed " + one.name + " " + name + " " + path);
    }
}
