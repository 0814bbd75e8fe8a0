using System.Net;
using System.Net.Security;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;
using Throughline.Engine.Files;
using Throughline.Server.Configuration;

namespace Throughline.Server.Forward;

/// <summary>Makes the connections to the target: TLS as the options say, no cookies, redirects or proxies. Stateless.</summary>
internal static class ForwardConnection
{
    /// <summary>A client for the target. Throws an <see cref="InvalidDataException"/> when a certificate's file holds none, and what the disk throws.</summary>
    internal static HttpMessageInvoker Open(ForwardOptions options, IFileSystem files)
    {
        var handler = new SocketsHttpHandler
        {
            UseProxy = false,
            AllowAutoRedirect = false,
            UseCookies = false,
            AutomaticDecompression = DecompressionMethods.GZip,
            ActivityHeadersPropagator = null,
            ConnectTimeout = options.Timeout,
            // The name of the target may lead elsewhere by then.
            PooledConnectionLifetime = TimeSpan.FromMinutes(5),
        };
        try
        {
            Secure(handler.SslOptions, options, files);
        }
        catch
        {
            handler.Dispose();
            throw;
        }
        return new HttpMessageInvoker(handler);
    }

    private static void Secure(SslClientAuthenticationOptions tls, ForwardOptions options, IFileSystem files)
    {
        if (options.AuthorityFile is { } authorities)
        {
            var trusted = new X509Certificate2Collection();
            Read("--forward-ca", authorities, files, pem => trusted.ImportFromPem(pem));
            if (trusted.Count == 0) throw new InvalidDataException($"--forward-ca {authorities} holds no certificate");
            var policy = new X509ChainPolicy { TrustMode = X509ChainTrustMode.CustomRootTrust, RevocationMode = X509RevocationMode.NoCheck };
            policy.CustomTrustStore.AddRange(trusted);
            tls.CertificateChainPolicy = policy;
        }
        if (options is { CertificateFile: { } certificate, KeyFile: { } key })
        {
            var shown = default(X509Certificate2);
            Read("--forward-cert", certificate, files, pem => Read("--forward-cert-key", key, files, keyPem => shown = X509Certificate2.CreateFromPem(pem, keyPem)));
            tls.ClientCertificates = [shown ?? throw new InvalidDataException($"--forward-cert {certificate} holds no certificate")];
        }
    }

    private static void Read(string option, string path, IFileSystem files, PemReader read)
    {
        try
        {
            using var file = files.OpenRead(path);
            var text = new byte[file.Length];
            file.ReadExactly(0, text);
            read(Encoding.UTF8.GetString(text));
        }
        catch (CryptographicException e)
        {
            throw new InvalidDataException($"{option} {path} cannot be used: {e.Message}", e);
        }
    }

    private delegate void PemReader(string pem);
}
