// The first start makes the administrator, and nobody else may do anything. Later
// starts bring the password up to date and leave alone what was set up since.
import hudson.security.FullControlOnceLoggedInAuthorizationStrategy
import hudson.security.HudsonPrivateSecurityRealm
import hudson.security.SecurityRealm
import jenkins.model.Jenkins
import jenkins.model.JenkinsLocationConfiguration

def jenkins = Jenkins.get()
def password = new File('/run/secrets/jenkins_admin_password').text.trim()

if (jenkins.securityRealm == SecurityRealm.NO_AUTHENTICATION) {
    def strategy = new FullControlOnceLoggedInAuthorizationStrategy()
    strategy.allowAnonymousRead = false
    jenkins.securityRealm = new HudsonPrivateSecurityRealm(false)
    jenkins.authorizationStrategy = strategy
}
// Not so once people sign in through Keycloak.
if (jenkins.securityRealm instanceof HudsonPrivateSecurityRealm)
    jenkins.securityRealm.createAccount('admin', password)
jenkins.save()

def location = JenkinsLocationConfiguration.get()
location.url = System.getenv('AIKIT_JENKINS_URL')
location.save()
