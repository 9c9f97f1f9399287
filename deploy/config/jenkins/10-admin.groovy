// The first start makes the administrator; later starts only bring the password
// up to date. Nobody else may do anything.
import hudson.security.FullControlOnceLoggedInAuthorizationStrategy
import hudson.security.HudsonPrivateSecurityRealm
import jenkins.model.Jenkins
import jenkins.model.JenkinsLocationConfiguration

def jenkins = Jenkins.get()
def password = new File('/run/secrets/jenkins_admin_password').text.trim()

if (!(jenkins.securityRealm instanceof HudsonPrivateSecurityRealm)
    && jenkins.securityRealm != hudson.security.SecurityRealm.NO_AUTHENTICATION)
    return

def realm = jenkins.securityRealm instanceof HudsonPrivateSecurityRealm ?
    jenkins.securityRealm : new HudsonPrivateSecurityRealm(false)
realm.createAccount('admin', password)
jenkins.securityRealm = realm

def strategy = new FullControlOnceLoggedInAuthorizationStrategy()
strategy.allowAnonymousRead = false
jenkins.authorizationStrategy = strategy

def location = JenkinsLocationConfiguration.get()
location.url = System.getenv('AIKIT_JENKINS_URL')
location.save()
jenkins.save()
